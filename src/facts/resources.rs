//! What a job asks for in all: the fields `job.…`, added up from its directives.

use crate::facts::{Fact, FactKind, Record, Text, Value, directive};
use crate::source::Scheduler;

/// The fields `job.…` from the directive facts of a file (those of scripts that it writes are left out);
/// `None` without directives that a scheduler reads.
pub fn job_record(facts: &[Fact]) -> Option<Record> {
    let scheduler = directive::scheduler_of(facts)?;
    let read = |fact: &&Fact| fact.kind == FactKind::Directive && fact.fields.flag("effective") && directive::own(fact);
    let all: Vec<&Fact> = facts.iter().filter(read).collect();
    let mut schedulers: Vec<&str> = all.iter().map(|fact| fact.fields.text("scheduler")).collect();
    schedulers.sort_unstable();
    schedulers.dedup();
    let own: Vec<&Fact> = all.into_iter().filter(|fact| fact.fields.text("scheduler") == scheduler.name()).collect();

    let mut request = Request::default();
    match scheduler {
        Scheduler::Slurm => slurm(&own, &mut request),
        Scheduler::Pbs => pbs(&own, &mut request),
        Scheduler::Sge => sge(&own, &mut request),
        Scheduler::Lsf => lsf(&own, &mut request),
    }
    let mut record = Record::new().with("scheduler", scheduler.name()).with("schedulers", schedulers);
    request.write(&mut record);
    let mut options: Vec<&str> = Vec::new();
    for fact in &own {
        let name = fact.fields.text("name");
        if !name.is_empty() && !options.contains(&name) {
            options.push(name);
        }
    }
    record.set("options", options);
    record.set_some("line", own.first().and_then(|fact| fact.fields.get("line")).cloned());
    Some(record)
}

/// What has been understood so far.
#[derive(Default)]
struct Request {
    nodes: Option<i64>,
    tasks: Option<i64>,
    tasks_per_node: Option<i64>,
    cores_per_task: Option<i64>,
    cores: Option<i64>,
    gpus: i64,
    whole_node: bool,
    memory: Option<Text>,
    time: Option<Text>,
    partition: Option<Text>,
    constraint: Option<Text>,
    account: Option<Text>,
    array: Option<Text>,
    pe: Option<Text>,
    resources: Record,
    hetjob: bool,
    export_none: bool,
}

/// The most resources of one list that are looked at, and the most that are told apart by name.
const MAX_RESOURCES: usize = 64;

impl Request {
    /// Notes a resource under its name.
    fn resource(&mut self, key: &str, value: Text) {
        if self.resources.iter().count() < MAX_RESOURCES {
            self.resources.set(key.trim().to_owned(), value);
        }
    }

    fn write(self, record: &mut Record) {
        record.add_some("nodes", self.nodes);
        record.add_some("tasks", self.tasks);
        record.add_some("tasks-per-node", self.tasks_per_node);
        record.add_some("cores-per-task", self.cores_per_task);
        record.add_some("cores", self.cores);
        record.add("whole-node", self.whole_node);
        record.add("gpus", self.gpus);
        record.add_some("memory", self.memory);
        record.add_some("time", self.time);
        record.add_some("partition", self.partition);
        record.add_some("constraint", self.constraint);
        record.add_some("account", self.account);
        record.add_some("array", self.array);
        record.add_some("pe", self.pe);
        if !self.resources.is_empty() {
            record.add("resources", self.resources);
        }
        record.add("hetjob", self.hetjob);
        record.add("export-none", self.export_none);
    }
}

fn value(fact: &Fact) -> Text {
    match fact.fields.get("value") {
        Some(Value::Text(text)) => Text::clone(text),
        _ => Text::default(),
    }
}

fn slurm(facts: &[&Fact], request: &mut Request) {
    let mut components = vec![Component::default()];
    for fact in facts {
        let value = value(fact);
        let given = (!value.text.is_empty()).then(|| value.clone());
        match fact.fields.text("name") {
            "hetjob" => {
                request.hetjob = true;
                components.push(Component::default());
            }
            "partition" => request.partition = given,
            "constraint" => request.constraint = given,
            "account" => request.account = given,
            "array" => request.array = given,
            "time" => request.time = given,
            "mem" | "mem-per-cpu" | "mem-per-gpu" => request.memory = given,
            "export" => request.export_none = matches!(value.text.to_ascii_uppercase().as_str(), "NONE" | "NIL"),
            // `--exclusive=user` keeps only other users away.
            "exclusive" => request.whole_node = !matches!(value.text.as_str(), "user" | "mcs"),
            name => {
                if let Some(component) = components.last_mut() {
                    component.take(name, &value.text);
                }
            }
        }
    }
    let sum = |part: &dyn Fn(&Component) -> Option<i64>| components.iter().filter_map(part).reduce(i64::saturating_add);
    request.nodes = sum(&|component| component.nodes);
    request.tasks = sum(&Component::all_tasks);
    request.cores = sum(&Component::cores);
    request.gpus = sum(&|component| Some(component.all_gpus())).unwrap_or(0);
    let single = components.iter().rev().find(|component| component.tasks_per_node.is_some());
    request.tasks_per_node = single.and_then(|component| component.tasks_per_node);
    request.cores_per_task = components.iter().filter_map(|component| component.cores_per_task).max();
}

/// One component of a Slurm job.
#[derive(Default)]
struct Component {
    nodes: Option<i64>,
    tasks: Option<i64>,
    tasks_per_node: Option<i64>,
    cores_per_task: Option<i64>,
    gpus: Option<i64>,
    gpus_per_node: Option<i64>,
    gpus_per_task: Option<i64>,
}

impl Component {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "nodes" => self.nodes = count(value),
            "ntasks" => self.tasks = count(value),
            "ntasks-per-node" => self.tasks_per_node = count(value),
            "cpus-per-task" => self.cores_per_task = count(value),
            "gpus" => self.gpus = gpus(value),
            "gpus-per-node" => self.gpus_per_node = gpus(value),
            "gpus-per-task" => self.gpus_per_task = gpus(value),
            "gres" => {
                let of_gres = value.split(',').filter(|part| *part == "gpu" || part.starts_with("gpu:"));
                let total = of_gres.filter_map(|part| gpus(part.strip_prefix("gpu:").unwrap_or("1"))).sum();
                self.gpus_per_node = Some(total);
            }
            "tres-per-task" => {
                for part in value.split(',') {
                    if let Some(rest) = part.strip_prefix("gres/gpu").or_else(|| part.strip_prefix("gres:gpu")) {
                        self.gpus_per_task = gpus(rest.trim_start_matches([':', '=', '/']));
                    } else if let Some(rest) = part.strip_prefix("cpu") {
                        self.cores_per_task = count(rest.trim_start_matches([':', '=']));
                    }
                }
            }
            _ => {}
        }
    }

    fn all_tasks(&self) -> Option<i64> {
        self.tasks.or_else(|| Some(self.tasks_per_node?.saturating_mul(self.nodes.unwrap_or(1))))
    }

    /// Slurm starts one task on each node when nothing else is said.
    fn cores(&self) -> Option<i64> {
        match (self.all_tasks(), self.cores_per_task) {
            (Some(tasks), cores) => Some(tasks.saturating_mul(cores.unwrap_or(1))),
            (None, Some(cores)) => Some(cores.saturating_mul(self.nodes.unwrap_or(1))),
            (None, None) => None,
        }
    }

    fn all_gpus(&self) -> i64 {
        let by_node = self.gpus_per_node.map(|gpus| gpus.saturating_mul(self.nodes.unwrap_or(1)));
        let by_task = self.gpus_per_task.map(|gpus| gpus.saturating_mul(self.all_tasks().unwrap_or(1)));
        self.gpus.or(by_node).or(by_task).unwrap_or(0)
    }
}

fn pbs(facts: &[&Fact], request: &mut Request) {
    for fact in facts {
        let value = value(fact);
        match fact.fields.text("name") {
            "q" => request.partition = Some(value),
            "A" | "P" => request.account = Some(value),
            "J" | "t" => request.array = Some(value),
            "l" => pbs_resources(&value, request),
            _ => {}
        }
    }
}

/// `-l select=2:ncpus=64:mpiprocs=8+1:ncpus=4,walltime=1:00:00`, `-l nodes=2:ppn=16`.
fn pbs_resources(list: &Text, request: &mut Request) {
    for part in list.text.split(',').take(MAX_RESOURCES) {
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        match key.trim() {
            "select" | "nodes" => chunks(value, request),
            "ncpus" | "procs" => request.cores = count(value),
            "ngpus" | "gpus" => request.gpus = count(value).unwrap_or(0),
            "walltime" => request.time = Some(part_of(list, value)),
            "mem" | "pmem" | "vmem" => request.memory = Some(part_of(list, value)),
            "place" => request.whole_node = value.split(':').any(|word| word.starts_with("excl")),
            _ => {}
        }
        request.resource(key, part_of(list, value));
    }
}

/// Chunks between `+`: a count, then `name=number` parts.
fn chunks(value: &str, request: &mut Request) {
    let (mut nodes, mut cores, mut tasks, mut gpus) = (0i64, None::<i64>, None::<i64>, 0i64);
    for chunk in value.split('+') {
        let mut parts = chunk.split(':');
        let first = parts.clone().next().unwrap_or("");
        // `nodes=node017:ppn=4` names one node; `select=ncpus=4` leaves the count out.
        let number = if first.contains('=') { Some(1) } else { parts.next().map(|word| count(word).unwrap_or(1)) };
        let number = number.unwrap_or(1);
        nodes += number;
        for part in parts {
            let Some((key, amount)) = part.split_once('=') else {
                continue;
            };
            let total = count(amount).map(|amount| amount.saturating_mul(number));
            match key {
                "ncpus" | "ppn" => cores = add(cores, total),
                "mpiprocs" => tasks = add(tasks, total),
                "ngpus" | "gpus" => gpus = gpus.saturating_add(total.unwrap_or(0)),
                "mem" => request.memory = Some(Text::plain(amount)),
                _ => {}
            }
            if key == "ompthreads" {
                request.cores_per_task = count(amount);
            }
        }
    }
    request.nodes = Some(nodes);
    request.cores = cores;
    request.tasks = tasks;
    request.gpus = gpus;
}

fn sge(facts: &[&Fact], request: &mut Request) {
    for fact in facts {
        let value = value(fact);
        match fact.fields.text("name") {
            "pe" => {
                let mut words = value.text.split_whitespace();
                request.pe = words.next().map(|name| Text { text: name.into(), ..value.clone() });
                request.cores = words.next().and_then(count);
            }
            "q" => request.partition = Some(value),
            "P" | "A" => request.account = Some(value),
            "t" => request.array = Some(value),
            "l" => sge_resources(&value, request),
            _ => {}
        }
    }
}

fn sge_resources(list: &Text, request: &mut Request) {
    for part in list.text.split(',').take(MAX_RESOURCES) {
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        let text = part_of(list, value);
        match key.trim() {
            "h_rt" | "s_rt" => request.time = Some(text.clone()),
            "gpu" | "gpus" | "ngpus" => request.gpus = count(value).unwrap_or(0),
            "mem" | "h_vmem" | "mem_free" | "m_mem_free" | "h_data" | "rmem" => request.memory = Some(text.clone()),
            "exclusive" | "excl" => request.whole_node = matches!(value, "true" | "1" | "TRUE"),
            _ => {}
        }
        request.resource(key, text);
    }
}

fn lsf(facts: &[&Fact], request: &mut Request) {
    let mut per_host = None;
    let mut one_host = false;
    for fact in facts {
        let value = value(fact);
        match fact.fields.text("name") {
            "n" => request.cores = count(&value.text),
            "nnodes" => request.nodes = count(&value.text),
            "q" => request.partition = Some(value),
            "P" | "G" => request.account = Some(value),
            "W" => request.time = Some(value),
            "M" => request.memory = Some(value),
            "x" => request.whole_node = true,
            "env" => request.export_none = value.text.trim() == "none",
            "gpu" => request.gpus = lsf_number(&value.text, "num=").unwrap_or(1),
            "J" if value.text.contains('[') => request.array = Some(value),
            "R" => {
                per_host = per_host.or(lsf_number(&value.text, "ptile="));
                one_host = one_host || value.text.replace(" ", "").contains("span[hosts=1]");
                if let Some(gpus) = lsf_number(&value.text, "ngpus_excl_p=") {
                    request.gpus = gpus;
                }
            }
            _ => {}
        }
    }
    request.tasks_per_node = per_host;
    if one_host {
        request.nodes = Some(1);
    } else if let (None, Some(cores), Some(per_host)) = (request.nodes, request.cores, per_host)
        && per_host > 0
    {
        request.nodes = Some(cores.saturating_add(per_host - 1) / per_host);
    }
}

/// The number after `key` in LSF's resource strings: `span[ptile=4]`.
fn lsf_number(text: &str, key: &str) -> Option<i64> {
    let at = text.find(key)? + key.len();
    let digits: String = text[at..].chars().take_while(char::is_ascii_digit).collect();
    count(&digits)
}

/// A part of a list, with the place of the whole.
fn part_of(list: &Text, part: &str) -> Text {
    Text { text: part.into(), span: list.span, ..Text::default() }
}

/// The number that a count begins with: `4`, `2-8` (at least 2), `2k`. `None` for what is no number.
fn count(text: &str) -> Option<i64> {
    let digits = text.trim().bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.trim().split_at(digits);
    let number: i64 = number.parse().ok()?;
    match rest.chars().next() {
        None | Some('-' | ',' | ':' | '*') => Some(number),
        Some('k' | 'K') => Some(number.saturating_mul(1024)),
        Some(_) => None,
    }
}

/// `2`, `a100:2`, `a100`, `a100:2(S:0)`: the number, 1 when only a type is given.
fn gpus(text: &str) -> Option<i64> {
    let text = text.split('(').next().unwrap_or(text);
    let parts = text.split(',').map(|part| {
        let last = part.rsplit(':').next().unwrap_or(part);
        if last.starts_with(|c: char| c.is_ascii_digit()) { count(last) } else { Some(1) }
    });
    if text.is_empty() || text.contains(['$', '{', '<']) {
        return None;
    }
    parts.collect::<Option<Vec<i64>>>().map(|numbers| numbers.iter().sum())
}

fn add(sum: Option<i64>, more: Option<i64>) -> Option<i64> {
    match (sum, more) {
        (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
        (sum, more) => sum.or(more),
    }
}
