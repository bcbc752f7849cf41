//! `pack.toml`.

use super::{Keys, Kind, may, need};

pub(in super::super) static PACK: Keys = Keys::of(
    "pack",
    &[
        need("name", Kind::Text, "its name: that of your site, since no two packs that are loaded have the same"),
        need("version", Kind::Text, "its version, as you count"),
        may("pydoctor", Kind::Text, "the oldest pydoctor that will do: `\">=0.1\"`"),
    ],
);
