-- Shows what pydoctor finds in a job script when it is submitted with sbatch.
--
-- Put it beside slurm.conf, and into that file: CliFilterPlugins=lua
-- Whatever happens to pydoctor (missing, killed, too slow, a faulty configuration), the job is submitted; only findings
-- of severity `error` stop it, and only where REFUSE is true.

local PYDOCTOR = "pydoctor" -- better with its whole path: users' PATHs differ
local SECONDS = 2
local REFUSE = false

local function quoted(word)
    return "'" .. word:gsub("'", "'\\''") .. "'"
end

-- The findings of a script, and pydoctor's exit status; nil when it did not end by itself.
local function findings(script)
    local file = quoted(script)
    local command = string.format(
        "timeout %d %s check --quiet --fail-on error --stdin-filename %s - <%s 2>&1; echo \"status $?\"",
        SECONDS, PYDOCTOR, file, file)
    local pipe = io.popen(command)
    if not pipe then return "", nil end
    local output = pipe:read("*a") or ""
    pipe:close()
    local text, status = output:match("^(.*)status (%d+)\n$")
    return text or "", tonumber(status)
end

function slurm_cli_setup_defaults(options, early)
    return slurm.SUCCESS
end

function slurm_cli_pre_submit(options, offset)
    local argv = options["argv"]
    local script = options["type"] == "sbatch" and type(argv) == "table" and argv[1]
    if not script then return slurm.SUCCESS end
    local text, status = findings(script)
    -- 0: perhaps hints; 1: errors. Anything else is pydoctor's own trouble, and no matter of the user's.
    if status == 0 or status == 1 then io.stderr:write(text) end
    if status == 1 and REFUSE then
        slurm.log_error("not submitted; mend the errors above first")
        return slurm.ERROR
    end
    return slurm.SUCCESS
end

function slurm_cli_post_submit(offset, job_id, step_id)
    return slurm.SUCCESS
end
