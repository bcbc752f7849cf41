//! What a program needs of the machine, by the notes and versions in its ELF file: instruction set and C library.

use std::fs::File;

use object::Endianness;
use object::elf;
use object::read::ReadCache;
use object::read::elf::{FileHeader as _, ProgramHeader as _};

/// What a program needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Level of x86-64, from 1: that of `x86-64-v3` is 3. 0 when it does not say.
    pub level: u32,
    /// Newest version of glibc, major and minor.
    pub glibc: Option<(u32, u32)>,
}

/// The level of x86-64 that a note asks for: one bit for each (System V ABI for x86-64, GNU_PROPERTY_X86_ISA_1_NEEDED).
const LEVELS: u32 = 4;

/// Reads what a 64-bit program needs. `None` for anything else, and for what cannot be read.
pub fn needs(file: File) -> Option<Needs> {
    let cache = ReadCache::new(file);
    let data = &cache;
    let header = elf::FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let mut needs = Needs::default();
    for segment in header.program_headers(endian, data).ok()? {
        let Ok(Some(mut notes)) = segment.notes(endian, data) else { continue };
        while let Ok(Some(note)) = notes.next() {
            let Some(mut properties) = note.gnu_properties(endian) else { continue };
            while let Ok(Some(property)) = properties.next() {
                if property.pr_type() == elf::GNU_PROPERTY_X86_ISA_1_NEEDED {
                    let bits = property.data_u32(endian).unwrap_or(0);
                    needs.level = (1..=LEVELS).rev().find(|level| bits & (1 << (level - 1)) != 0).unwrap_or(0);
                }
            }
        }
    }
    let sections = header.sections(endian, data).ok()?;
    if let Ok(Some((mut libraries, link))) = sections.gnu_verneed(endian, data) {
        let strings = sections.strings(endian, data, link).ok()?;
        while let Ok(Some((_, mut versions))) = libraries.next() {
            while let Ok(Some(version)) = versions.next() {
                needs.glibc = needs.glibc.max(version.name(endian, strings).ok().and_then(glibc));
            }
        }
    }
    Some(needs)
}

/// The newest version of glibc that a C library defines.
pub fn defines(file: File) -> Option<(u32, u32)> {
    let cache = ReadCache::new(file);
    let data = &cache;
    let header = elf::FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let (mut definitions, link) = sections.gnu_verdef(endian, data).ok()??;
    let strings = sections.strings(endian, data, link).ok()?;
    let mut newest = None;
    while let Ok(Some((_, mut names))) = definitions.next() {
        while let Ok(Some(name)) = names.next() {
            newest = newest.max(name.name(endian, strings).ok().and_then(glibc));
        }
    }
    newest
}

/// `GLIBC_2.34` as numbers.
fn glibc(name: &[u8]) -> Option<(u32, u32)> {
    let version = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// The level of x86-64 that this machine has; `None` on another architecture.
pub fn machine_level() -> Option<u32> {
    #[cfg(target_arch = "x86_64")]
    {
        let second = is_x86_feature_detected!("sse4.2")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("cmpxchg16b");
        let third = second
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("movbe");
        let fourth = third
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        Some(1 + u32::from(second) + u32::from(third) + u32::from(fourth))
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

/// The version of this system's glibc; `None` where it has none.
pub fn system_glibc() -> Option<(u32, u32)> {
    let places = ["/lib64/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"];
    places.iter().find_map(|path| defines(File::open(path).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_this_system_fits_it() {
        let needs = needs(File::open("/bin/sh").unwrap()).unwrap();
        let system = system_glibc().unwrap();
        assert!(needs.glibc.unwrap() <= system && system.0 == 2, "{needs:?} {system:?}");
        assert!(needs.level <= machine_level().unwrap_or(u32::MAX));
        assert_eq!(super::needs(File::open("/etc/passwd").unwrap()), None);
    }

    #[test]
    fn versions_are_numbers() {
        assert_eq!(glibc(b"GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc(b"GLIBC_2.3.4"), Some((2, 3)));
        assert_eq!(glibc(b"GLIBC_PRIVATE"), None);
    }
}
