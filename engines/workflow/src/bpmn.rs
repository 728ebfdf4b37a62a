//! BPMN 2.0 XML: from the characters of a file to a [`Process`], with every problem at its line.

mod element;
mod read;

pub(crate) use read::{Model, read};
