//! The processor of this machine, and which environments were made for another: by the folders in which they, or their
//! Python, lie, since clusters keep software for each generation in a folder of its name.

use std::fs;

use crate::facts::Record;
use crate::tables::Processors;

/// So many of the abilities that a processor lacks are named.
const NAMED: usize = 3;

/// What a processor says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    vendor: String,
    flags: Vec<String>,
}

impl Machine {
    /// This machine's; `None` where the system does not tell.
    #[expect(clippy::disallowed_methods, reason = "a file of the kernel's")]
    pub fn here() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/cpuinfo").ok()?)
    }

    /// The first that `/proc/cpuinfo` lists.
    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
        };
        let flags = value("flags")?.split_whitespace().map(str::to_owned).collect();
        Some(Self { vendor: value("vendor_id")?.to_owned(), flags })
    }
}

/// Says of an installation for which generation it was made, and what this machine lacks of that.
pub(super) fn tell(record: &mut Record, table: &Processors, machine: Option<&Machine>) {
    let own = table.named_in(record.text("path"));
    let Some(made_for) = table.named_in(record.text("root")).or(own) else { return };
    record.set("built-for", made_for.name.as_str());
    record.set("says-so", own == Some(made_for));
    let Some(machine) = machine else { return };
    let flags: Vec<&str> = machine.flags.iter().map(String::as_str).collect();
    let lacking: Vec<&str> = made_for.lacking(&flags).collect();
    if !lacking.is_empty() {
        // The newest abilities are what matters: compilers use them first.
        let shown: Vec<&str> = lacking.iter().rev().take(NAMED).rev().copied().collect();
        record.set("lacks", shown.join(", "));
        record.set_some("machine", table.newest(&machine.vendor, &flags).map(|own| own.name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::tests::built_in;

    #[test]
    fn what_lies_in_a_folder_of_another_generation_is_told() {
        let table = built_in().processors;
        let text = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu sse4_2 popcnt aes pclmulqdq avx rdrand f16c avx2 bmi1 bmi2 fma movbe adx rdseed clflushopt xsavec sha_ni sse4a\n\nprocessor\t: 1\nflags: none\n";
        let machine = Machine::parse(text).unwrap();
        let told = |path: &str, root: &str| {
            let mut record = Record::new().with("path", path).with("root", root);
            tell(&mut record, &table, Some(&machine));
            format!(
                "{} {} [{}] {}",
                record.text("built-for"),
                record.flag("says-so"),
                record.text("lacks"),
                record.text("machine")
            )
        };
        assert_eq!(
            told("$HOME/venv", "/apps/skylake/Python/3.11/bin"),
            "skylake false [avx512bw, avx512dq, avx512vl] zen2"
        );
        assert_eq!(told("$HOME/v-zen2", "/apps/zen2/Python/bin"), "zen2 true [] ");
        assert_eq!(told("$HOME/v-haswell", "/usr/bin"), "haswell true [] ");
        assert_eq!(told("$HOME/v", "/usr/bin"), " false [] ");
        assert_eq!(Machine::parse("processor : 0\nFeatures : fp asimd\n"), None);
    }
}
