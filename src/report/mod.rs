//! One file per output format, all from one finished, neutral report.
