//! Archives of attachments, unpacked in memory and within bounds. Nothing is written, so that nothing can escape.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::intake::{Intake, base_name};

/// Entries that are looked at.
const ENTRIES: usize = 1000;

/// The largest entry, in bytes.
const ENTRY: usize = 16 << 20;

/// The kinds of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Zip,
    Gzip,
    Tar,
}

/// What kind of archive it is, by its first bytes.
pub(super) fn form(bytes: &[u8]) -> Option<Form> {
    if bytes.starts_with(b"PK\x03\x04") {
        Some(Form::Zip)
    } else if bytes.starts_with(b"\x1f\x8b\x08") {
        Some(Form::Gzip)
    } else if bytes.get(257..262) == Some(b"ustar") {
        Some(Form::Tar)
    } else {
        None
    }
}

/// Adds what is in an archive to the ticket.
pub(super) fn unpack(form: Form, path: &str, name: Option<&str>, bytes: &[u8], intake: &mut Intake) {
    match form {
        Form::Zip => unzip(path, bytes, intake),
        Form::Tar => untar(path, bytes, intake),
        Form::Gzip => {
            let mut content = Vec::new();
            let read = MultiGzDecoder::new(bytes).take(intake.room() as u64 + 1).read_to_end(&mut content);
            if content.len() > intake.room() {
                intake.leave_out(path, "too large when it is unpacked");
                return;
            }
            if read.is_err() {
                intake.leave_out(path, "what comes behind a damaged place");
            }
            match self::form(&content) {
                Some(Form::Tar) => untar(path, &content, intake),
                _ => {
                    let inner = name.map(|name| name.trim_end_matches(".gz").to_owned());
                    intake.add(path.to_owned(), inner, &content);
                }
            }
        }
    }
}

fn unzip(path: &str, bytes: &[u8], intake: &mut Intake) {
    let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(_) => return intake.leave_out(path, "a damaged archive"),
    };
    for index in 0..archive.len() {
        if index >= ENTRIES || intake.is_full() {
            return intake.leave_out(path, "too many entries: the rest was not read");
        }
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(_) => {
                intake.leave_out(path, &format!("entry {}: damaged, or locked by a password", index + 1));
                continue;
            }
        };
        if entry.is_file() {
            let name = entry.name().map_or_else(|_| format!("entry-{}", index + 1), |name| name.into_owned());
            add(path, &name, entry, intake);
        }
    }
}

fn untar(path: &str, bytes: &[u8], intake: &mut Intake) {
    let mut archive = tar::Archive::new(bytes);
    let Ok(entries) = archive.entries() else { return intake.leave_out(path, "a damaged archive") };
    for (index, entry) in entries.enumerate() {
        if index >= ENTRIES || intake.is_full() {
            return intake.leave_out(path, "too many entries: the rest was not read");
        }
        let Ok(entry) = entry else { return intake.leave_out(path, "what comes behind a damaged place") };
        if entry.header().entry_type().is_file() {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            add(path, &name, entry, intake);
        }
    }
}

fn add(path: &str, name: &str, entry: impl Read, intake: &mut Intake) {
    let own = base_name(name);
    // What a Mac adds to every archive is no part of the ticket.
    if own.starts_with("._") || name.starts_with("__MACOSX") || own == ".DS_Store" {
        return;
    }
    let path = format!("{path}/{}", inner_path(name));
    let limit = ENTRY.min(intake.room());
    let mut content = Vec::new();
    let read = entry.take(limit as u64 + 1).read_to_end(&mut content);
    if content.len() > limit {
        return intake.leave_out(&path, "too large when it is unpacked");
    }
    if read.is_err() {
        intake.leave_out(&path, "what comes behind a damaged place");
    }
    intake.add(path, Some(own), &content);
}

/// A path inside an archive as reports show it.
fn inner_path(name: &str) -> String {
    let parts = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != "." && *part != "..");
    let parts: Vec<String> = parts.map(base_name).collect();
    parts[parts.len().saturating_sub(4)..].join("/")
}

#[cfg(test)]
mod tests {
    use super::super::intake::read;
    use super::*;
    use std::io::Write;

    fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn tar_gz_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn paths(name: &str, bytes: &[u8]) -> Vec<String> {
        read(name, bytes).documents.into_iter().map(|document| document.path).collect()
    }

    #[test]
    fn files_of_archives_are_documents_and_no_path_leads_out() {
        let files: &[(&str, &[u8])] = &[
            ("job.sh", b"#!/bin/bash\n"),
            ("../../etc/passwd", b"x"),
            ("/a/b/c.log", b"y"),
            ("__MACOSX/._job.sh", b"z"),
        ];
        let expected = ["t/job.sh", "t/etc/passwd", "t/a/b/c.log"];
        assert_eq!(paths("t", &zip_of(files)), expected);
        assert_eq!(paths("t", &tar_gz_of(files)), expected);
    }

    #[test]
    fn archives_are_bounded_in_size_count_and_depth() {
        let zeros = vec![b'0'; ENTRY + 1];
        let ticket = read("t", &zip_of(&[("bomb", &zeros), ("ok", b"fine")]));
        assert_eq!(ticket.documents.len(), 1);
        assert!(ticket.left_out[0].contains("bomb: too large"), "{:?}", ticket.left_out);

        let mut nested = zip_of(&[("x.txt", b"deep")]);
        for _ in 0..8 {
            nested = zip_of(&[("inner.zip", &nested)]);
        }
        let ticket = read("t", &nested);
        assert!(ticket.documents.is_empty() && ticket.left_out[0].contains("too deep"), "{ticket:?}");

        let names: Vec<String> = (0..400).map(|number| format!("{number}.txt")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        let ticket = read("t", &zip_of(&many));
        assert!(ticket.documents.len() == 200 && ticket.left_out.len() == 1, "{:?}", ticket.left_out);
    }

    #[test]
    fn damaged_archives_are_told() {
        for bytes in [&b"PK\x03\x04nonsense"[..], b"\x1f\x8b\x08nonsense"] {
            let ticket = read("t", bytes);
            assert!(!ticket.left_out.is_empty(), "{ticket:?}");
        }
        let whole = tar_gz_of(&[("a.txt", b"one two three four five six")]);
        // Both the compression and what is in it end too early: said once.
        assert_eq!(read("t", &whole[..whole.len() - 12]).left_out.len(), 1);
    }
}
