//! What a shell script does: an abstract walk in execution order that follows variables, modules,
//! environments and branches. Nothing is ever executed.

mod blocks;
mod branch;
mod command;
mod comments;
mod compound;
mod conda;
mod effect;
mod emit;
mod frame;
mod functions;
mod modules;
mod nested;
mod option;
mod packages;
mod paths;
mod state;
mod value;
mod variables;
mod walk;

pub use blocks::{block_spans, collect as managed_blocks};
pub use frame::{Frame, Place};
pub use walk::{Script, walk};
