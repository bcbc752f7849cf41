//! TOML as the build script read it: trees in the program's own data, so that the built-in policy costs no parsing
//! at start-up.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The TOML files below `rules/` by their paths there, sorted; the root of each is a table.
pub static BUILT_IN: &[(&str, Node)] = include!(concat!(env!("OUT_DIR"), "/trees.rs"));

/// A value.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    /// Text.
    Text(&'static str),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// A date, as written.
    Date(&'static str),
    /// A list.
    List(&'static [Node]),
    /// Keys with their values, in the order of the file.
    Table(&'static [(&'static str, Node)]),
}

impl Node {
    /// The value of a key, when this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&'static Self> {
        match self {
            Self::Table(entries) => entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&'static str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// The tree of the file `path` below `rules/`.
pub fn built_in(path: &str) -> Option<&'static Node> {
    BUILT_IN.binary_search_by(|(name, _)| (*name).cmp(path)).ok().map(|index| &BUILT_IN[index].1)
}

/// What is wrong with a tree, for whoever deserialises one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TreeError(String);

impl de::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl IntoDeserializer<'_, TreeError> for &'static Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'static Node {
    type Error = TreeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        match self {
            Node::Text(text) | Node::Date(text) => visitor.visit_str(text),
            Node::Integer(number) => visitor.visit_i64(*number),
            Node::Flag(flag) => visitor.visit_bool(*flag),
            Node::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Node::Table(entries) => {
                visitor.visit_map(MapDeserializer::new(entries.iter().map(|(key, value)| (*key, value))))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TreeError> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
