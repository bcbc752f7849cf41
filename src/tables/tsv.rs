//! Tables as text: one row a line, columns between tabs, a header that names them, `#` for comments.

use super::TableError;

/// The rows of one table.
#[derive(Debug)]
pub(super) struct Tsv<'a> {
    file: &'a str,
    header: Vec<&'a str>,
    rows: Vec<(usize, Vec<&'a str>)>,
}

/// One row, asked by the names of its columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'t, 'a> {
    table: &'t Tsv<'a>,
    line: usize,
    cells: &'t [&'a str],
}

impl<'a> Tsv<'a> {
    /// Reads `text`; `file` is its name for messages, `columns` are those it must have.
    pub(super) fn parse(file: &'a str, text: &'a str, columns: &[&str]) -> Result<Self, TableError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
        let error = |line, message: String| TableError { file: file.to_owned(), line, message };
        let (line, header) = lines.next().ok_or_else(|| error(1, "the table is empty".to_owned()))?;
        let header: Vec<&str> = header.split('\t').collect();
        if header != columns {
            return Err(error(line, format!("the columns must be {}", columns.join(", "))));
        }
        let mut rows = Vec::new();
        for (line, text) in lines {
            let cells: Vec<&str> = text.split('\t').collect();
            if cells.len() != header.len() {
                let message = format!("{} of {} columns; tabs stand between them", cells.len(), header.len());
                return Err(error(line, message));
            }
            rows.push((line, cells));
        }
        Ok(Self { file, header, rows })
    }

    /// All rows in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_, 'a>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }
}

impl<'a> Row<'_, 'a> {
    /// The cell of that column, empty when there is no such column.
    pub(super) fn get(&self, column: &str) -> &'a str {
        let index = self.table.header.iter().position(|name| *name == column);
        index.and_then(|index| self.cells.get(index)).copied().unwrap_or("")
    }

    /// The cell of that column when it is neither empty nor `-`.
    pub(super) fn some(&self, column: &str) -> Option<&'a str> {
        Some(self.get(column)).filter(|cell| !cell.is_empty() && *cell != "-")
    }

    /// The parts of a cell between commas.
    pub(super) fn list(&self, column: &str) -> Vec<String> {
        self.some(column).map(|cell| cell.split(',').map(str::to_owned).collect()).unwrap_or_default()
    }

    /// An error that points at this row.
    pub(super) fn error(&self, message: impl Into<String>) -> TableError {
        TableError { file: self.table.file.to_owned(), line: self.line, message: message.into() }
    }
}
