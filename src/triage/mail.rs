//! Mails: their text parts in place, so that line numbers are those of the file, and their attachments.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::decode;
use super::intake::{Intake, base_name};

/// Headers by which a mail is recognised.
const HEADERS: [&str; 10] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "received",
    "mime-version",
    "content-type",
    "delivered-to",
    "return-path",
];

/// Headers whose lines are kept.
const KEPT: [&str; 5] = ["from", "to", "cc", "date", "subject"];

/// True for a mail: by its name, or by headers at its beginning.
pub(super) fn is_mail(name: Option<&str>, bytes: &[u8]) -> bool {
    let named = name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".eml"));
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(16 << 10)]).into_owned();
    let mut known = 0;
    for (number, line) in head.lines().enumerate() {
        if line.trim().is_empty() {
            break;
        }
        let is_mbox = number == 0 && line.starts_with("From ");
        if is_mbox || (number > 0 && line.starts_with([' ', '\t'])) {
            continue;
        }
        let Some(header) = header_name(line) else { return false };
        known += usize::from(HEADERS.contains(&header.as_str()));
    }
    known >= if named { 1 } else { 2 }
}

/// Adds the texts of a mail to the ticket. What cannot be read as one is added as plain text.
pub(super) fn read(path: &str, bytes: &[u8], intake: &mut Intake) {
    let Some(message) = MessageParser::default().parse(bytes) else {
        if let Some(text) = decode::text(bytes) {
            intake.add_text(path.to_owned(), None, text, Vec::new());
        }
        return;
    };
    let mut mail = Mail::new(path, bytes, &message);
    let mut rest = Vec::new();
    let mut body: Vec<u32> = message.text_body.clone();
    body.sort_unstable();
    for (id, part) in message.parts.iter().enumerate() {
        let is_body = body.binary_search(&u32::try_from(id).unwrap_or(u32::MAX)).is_ok();
        match &part.body {
            PartType::Text(text) if file_name(part).is_none() && !mail.place(part, text) && is_body => {
                rest.push((None, Content::Text(text.clone().into_owned())));
            }
            PartType::Text(text) => {
                if let Some(name) = file_name(part) {
                    rest.push((Some(name), Content::Text(as_written(part, text))));
                }
            }
            PartType::Html(html) if is_body => rest.push((None, Content::Text(plain(html)))),
            PartType::Html(html) => {
                if let Some(name) = file_name(part) {
                    rest.push((Some(name), Content::Text(plain(html))));
                }
            }
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                let content = match std::str::from_utf8(bytes) {
                    Ok(text) => Content::Bytes(as_written(part, text).into_bytes()),
                    Err(_) => Content::Bytes(bytes.to_vec()),
                };
                rest.push((Some(file_name(part).unwrap_or_else(|| format!("part-{id}"))), content));
            }
            PartType::Message(inner) => {
                let name = file_name(part).unwrap_or_else(|| format!("mail-{id}.eml"));
                rest.push((Some(name), Content::Bytes(inner.raw_message.to_vec())));
            }
            PartType::Multipart(_) => {}
        }
    }
    let alone = rest.iter().filter(|(name, _)| name.is_none()).count() == 1 && !mail.has_text;
    mail.finish(intake);
    for (number, (name, content)) in rest.into_iter().enumerate() {
        let inner = match &name {
            None if alone => format!("{path}/text"),
            None => format!("{path}/text-{}", number + 1),
            Some(name) => format!("{path}/{name}"),
        };
        match content {
            Content::Text(text) => intake.add_text(inner, name, text, Vec::new()),
            Content::Bytes(bytes) => intake.add(inner, name, &bytes),
        }
    }
}

enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

/// A mail whose lines are put where they stand in its file.
struct Mail<'m> {
    path: &'m str,
    bytes: &'m [u8],
    /// The lines of the file; `None` for those that hold no text.
    lines: Vec<Option<String>>,
    has_text: bool,
}

impl<'m> Mail<'m> {
    fn new(path: &'m str, bytes: &'m [u8], message: &Message<'_>) -> Self {
        let count = memchr::memchr_iter(b'\n', bytes).count() + 1;
        let mut mail = Self { path, bytes, lines: vec![None; count], has_text: false };
        mail.headers(message);
        mail
    }

    /// Keeps who wrote when about what, each decoded on its first line.
    fn headers(&mut self, message: &Message<'_>) {
        let end = message.parts.first().map_or(0, |part| part.offset_body as usize).min(self.bytes.len());
        let head = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
        for (index, line) in head.lines().enumerate() {
            let Some(name) = header_name(line).filter(|name| KEPT.contains(&name.as_str())) else { continue };
            let text = match (name.as_str(), message.subject()) {
                ("subject", Some(subject)) => format!("Subject: {}", subject.replace(['\r', '\n'], " ")),
                _ => line.to_owned(),
            };
            if let Some(slot) = self.lines.get_mut(index) {
                *slot = Some(text);
            }
        }
    }

    /// Puts a text part where it stands; false when its lines are not those of the file.
    fn place(&mut self, part: &MessagePart<'_>, text: &str) -> bool {
        let (start, end) = (part.offset_body as usize, (part.offset_end as usize).min(self.bytes.len()));
        if part.encoding == Encoding::Base64 || start > end {
            return false;
        }
        let mut at = memchr::memchr_iter(b'\n', &self.bytes[..start]).count();
        let raw: Vec<&[u8]> = self.bytes[start..end].split(|byte| *byte == b'\n').collect();
        let mut raw = raw.into_iter();
        let mut placed = Vec::new();
        for line in text.split('\n') {
            placed.push((at, line.trim_end_matches('\r').to_owned()));
            for raw in raw.by_ref() {
                at += 1;
                let soft = part.encoding == Encoding::QuotedPrintable && raw.trim_ascii_end().ends_with(b"=");
                if !soft {
                    break;
                }
            }
        }
        if placed.iter().any(|(at, _)| *at >= self.lines.len()) {
            return false;
        }
        for (at, line) in placed {
            self.lines[at] = Some(line);
        }
        self.has_text = true;
        true
    }

    fn finish(self, intake: &mut Intake) {
        let padding = self.lines.iter().enumerate().filter(|(_, line)| line.is_none()).map(|(at, _)| at + 1).collect();
        let lines: Vec<String> = self.lines.into_iter().map(Option::unwrap_or_default).collect();
        intake.add_text(self.path.to_owned(), None, lines.join("\n"), padding);
    }
}

fn file_name(part: &MessagePart<'_>) -> Option<String> {
    part.attachment_name().map(base_name).filter(|name| !name.is_empty())
}

/// A file as its owner has it: mail itself ends lines with CR LF, which says nothing of a file that is not encoded.
fn as_written(part: &MessagePart<'_>, text: &str) -> String {
    if part.encoding == Encoding::Base64 { text.to_owned() } else { text.replace("\r\n", "\n") }
}

/// The name of a header line, in lower case.
fn header_name(line: &str) -> Option<String> {
    let (name, _) = line.split_once(':')?;
    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| name.to_ascii_lowercase())
}

/// HTML as text: blocks begin lines, and preformatted text keeps its own.
fn plain(html: &str) -> String {
    let mut prepared = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    let mut preformatted = false;
    while let Some(at) = rest.find('<') {
        push(&mut prepared, &rest[..at], preformatted);
        let Some(end) = rest[at..].find('>') else { break };
        let tag = &rest[at..=at + end];
        let closing = tag.starts_with("</");
        let name: String = tag.trim_start_matches(['<', '/']).chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        if name == "pre" {
            preformatted = !closing;
        }
        let is_block = matches!(name.as_str(), "pre" | "div" | "li" | "tr" | "table" | "blockquote" | "ul" | "ol")
            || (name.len() == 2 && name.starts_with('h') && name.as_bytes()[1].is_ascii_digit());
        if is_block {
            prepared.push_str("<br>");
        } else {
            prepared.push_str(tag);
        }
        rest = &rest[at + end + 1..];
    }
    push(&mut prepared, rest, preformatted);
    let text = html_to_text(&prepared).replace('\u{a0}', " ");
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines.join("\n")
}

fn push(out: &mut String, text: &str, preformatted: bool) {
    if preformatted {
        out.push_str(&text.replace("\r\n", "\n").replace('\n', "<br>").replace(' ', "&nbsp;"));
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::intake::read;

    fn documents(mail: &str) -> Vec<(String, String)> {
        let ticket = read("t.eml", mail.as_bytes());
        ticket.documents.into_iter().map(|document| (document.path, document.text.to_string())).collect()
    }

    #[test]
    fn lines_of_quoted_printable_text_stay_where_they_are() {
        let mail = "From: A <a@b.org>\nSubject: =?utf-8?Q?Hilfe_f=C3=BCr?= x\nMIME-Version: 1.0\n\
                    Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
                    Gr=C3=BC=C3=9Fe, a long line that is =\nbroken in two\nsecond: a=3Db\n";
        let documents = documents(mail);
        let lines: Vec<&str> = documents[0].1.lines().collect();
        assert_eq!(lines[1], "Subject: Hilfe für x");
        assert_eq!(lines[6], "Grüße, a long line that is broken in two");
        assert_eq!((lines[7], lines[8]), ("", "second: a=b"));
    }

    #[test]
    fn attachments_and_alternatives() {
        let mail = "From: a@b.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\n\
                    --X\nContent-Type: multipart/alternative; boundary=Y\n\n\
                    --Y\nContent-Type: text/plain\n\nhello\n\
                    --Y\nContent-Type: text/html\n\n<p>hello</p>\n--Y--\n\
                    --X\nContent-Type: application/x-sh; name=\"../job.sh\"\nContent-Transfer-Encoding: base64\n\n\
                    IyEvYmluL2Jhc2gK\n--X--\n";
        let documents = documents(mail);
        assert_eq!(documents.len(), 2, "{documents:?}");
        assert_eq!(documents[0].1.lines().nth(11), Some("hello"));
        assert_eq!(documents[1], ("t.eml/job.sh".to_owned(), "#!/bin/bash\n".to_owned()));
    }

    #[test]
    fn html_keeps_its_lines() {
        let mail = "From: a@b.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/html\n\n\
                    <div>Hi,</div><div>it says:<pre>#!/bin/bash\nmodule load  x\n</pre></div><style>p { x }</style>\n";
        let documents = documents(mail);
        let text = &documents[1].1;
        assert!(text.contains("Hi,\n") && text.contains("#!/bin/bash\nmodule load  x"), "{text:?}");
    }
}
