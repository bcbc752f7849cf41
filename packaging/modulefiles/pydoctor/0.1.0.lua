-- For Lmod. Expects the program in PREFIX/bin, this file in PREFIX/modulefiles/pydoctor, the site's policy in PREFIX/policy.
local root = pathJoin(myFileName():match("^(.*)/modulefiles/pydoctor/[^/]+$"))

whatis("Linter and shell start-up doctor for Python on clusters")
help([[
pydoctor check ~/.bashrc job.sh    find what breaks, slows or endangers jobs and logins
pydoctor check --diff .            show what would be mended
pydoctor --help                    everything else
]])
conflict("pydoctor")
prepend_path("PATH", pathJoin(root, "bin"))
if isDir(pathJoin(root, "share/man")) then append_path("MANPATH", pathJoin(root, "share/man")) end
if isDir(pathJoin(root, "policy")) then prepend_path("PYDOCTOR_POLICY_PATH", pathJoin(root, "policy")) end
