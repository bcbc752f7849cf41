//! What a ticket's bytes are (a mail, an archive, plain text), taken apart into documents within bounds.

use super::document::{Document, Ticket};
use super::{archive, decode, mail};

/// The largest ticket that is read, in bytes.
pub const SIZE_LIMIT: u64 = 32 << 20;

/// All documents of a ticket together, unpacked, in bytes.
const TOTAL: usize = 64 << 20;

/// One document, in bytes; of a longer log the beginning and the end are read.
const DOCUMENT: usize = 4 << 20;

/// Documents in a ticket, and entries looked at in its archives.
const COUNT: usize = 200;

/// Mails and archives inside each other.
const DEPTH: usize = 4;

/// Takes a ticket apart. Never fails: what cannot be read is said in [`Ticket::left_out`].
pub fn read(name: &str, bytes: &[u8]) -> Ticket {
    let mut intake = Intake { ticket: Ticket { name: name.to_owned(), ..Ticket::default() }, total: TOTAL, depth: 0 };
    let own = (name != "-").then(|| base_name(name));
    intake.add(name.to_owned(), own, bytes);
    intake.ticket
}

/// A ticket that is being read.
pub(super) struct Intake {
    ticket: Ticket,
    /// Bytes that may still be taken in.
    total: usize,
    depth: usize,
}

impl Intake {
    /// Adds a file by what its content is. `path` is how reports name it.
    pub(super) fn add(&mut self, path: String, name: Option<String>, bytes: &[u8]) {
        if self.is_full() {
            self.leave_out(&path, &format!("more than {COUNT} texts in one ticket"));
            return;
        }
        let form = archive::form(bytes);
        if self.depth >= DEPTH && (form.is_some() || mail::is_mail(name.as_deref(), bytes)) {
            self.leave_out(&path, "mails and archives inside each other, too deep");
            return;
        }
        self.depth += 1;
        if let Some(form) = form {
            archive::unpack(form, &path, name.as_deref(), bytes, self);
        } else if mail::is_mail(name.as_deref(), bytes) {
            mail::read(&path, bytes, self);
        } else {
            match decode::text(bytes) {
                Some(text) => self.add_text(path, name, text, Vec::new()),
                None => self.leave_out(&path, "not text"),
            }
        }
        self.depth -= 1;
    }

    /// Adds a text. `padding` are lines that are none.
    pub(super) fn add_text(&mut self, path: String, name: Option<String>, text: String, padding: Vec<usize>) {
        if self.is_full() {
            self.leave_out(&path, &format!("more than {COUNT} texts in one ticket"));
            return;
        }
        if text.len() > self.total {
            self.leave_out(&path, "the ticket is too large when it is unpacked");
            return;
        }
        self.total -= text.len();
        let text = if text.len() > DOCUMENT { self.shortened(&path, &text) } else { text };
        let document = Document { padding, ..Document::new(path, name, text) };
        self.ticket.documents.push(document);
    }

    /// Notes that something was not read.
    pub(super) fn leave_out(&mut self, path: &str, why: &str) {
        let said = format!("{path}: {why}");
        if self.ticket.left_out.len() < COUNT && !self.ticket.left_out.contains(&said) {
            self.ticket.left_out.push(said);
        }
    }

    /// True when no more is taken in.
    pub(super) fn is_full(&self) -> bool {
        self.ticket.documents.len() >= COUNT
    }

    /// Bytes that may still be taken in.
    pub(super) fn room(&self) -> usize {
        self.total
    }

    /// The beginning and the end of a long text; line ends between them are kept, so that line numbers stay.
    fn shortened(&mut self, path: &str, text: &str) -> String {
        self.leave_out(path, &format!("longer than {} MB: its middle was not read", DOCUMENT >> 20));
        let half = DOCUMENT / 2;
        let boundary = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let (head, tail) = (boundary(half), boundary(text.len() - half));
        let between = memchr::memchr_iter(b'\n', &text.as_bytes()[head..tail]).count();
        format!("{}{}{}", &text[..head], "\n".repeat(between.min(DOCUMENT)), &text[tail..])
    }
}

/// The last part of a path, whatever system it comes from, without what could steer a terminal.
pub(super) fn base_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path);
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}
