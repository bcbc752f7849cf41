//! `pydoctor rules schema FILES`: the JSON Schema of rules, sites, packs, command grammars or configuration.

use crate::policy::schema::schema;
use crate::report::encode;

use super::super::Status;
use super::super::args::Schema;
use super::super::streams::Streams;

/// Runs `pydoctor rules schema`.
pub(in super::super) fn run(args: &Schema, streams: &mut Streams) -> Status {
    let schema = schema(args.kind);
    streams.print(|out| {
        encode::pretty(&schema, out)?;
        writeln!(out)
    });
    Status::Clean
}
