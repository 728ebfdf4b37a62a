//! What is wrong with a declaration: [`Problem`], its [`Position`], and the collector [`Problems`].

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::Node;

/// A place in a declaration file. Line and column count from 1; columns count characters, not bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The label under which the file was read, as a rule its path inside the app folder.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// A place in `file`.
    pub fn new(file: impl Into<Arc<str>>, line: usize, column: usize) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong in a declaration, written for the developer who must mend it (English).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Label of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Stable code such as `schema.unknown_key`: the part before the dot names the crate that found it.
    pub code: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl Problem {
    /// Adds what to do about it.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{} {} {}",
            self.file, self.line, self.column, self.code, self.message
        )?;
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

/// Collects every problem of a run, so that a developer sees all of them at once. `Display` prints one a line,
/// ordered by file, line and column, hints indented below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reports a problem where `node` stands. Chain `.hint("…")` for advice.
    pub fn at(&mut self, node: &Node, code: &str, message: impl Into<String>) -> &mut Problem {
        self.at_position(node.position(), code, message)
    }

    /// Reports a problem at a known place.
    pub fn at_position(&mut self, position: &Position, code: &str, message: impl Into<String>) -> &mut Problem {
        self.push(Problem {
            file: position.file.to_string(),
            line: position.line,
            column: position.column,
            code: code.to_owned(),
            message: message.into(),
            hint: None,
        })
    }

    /// Reports a problem of a whole file (or of something that should be there and is not): line 1, column 1.
    pub fn in_file(&mut self, file: &str, code: &str, message: impl Into<String>) -> &mut Problem {
        self.at_position(&Position::new(file, 1, 1), code, message)
    }

    /// Adds a finished problem.
    pub fn push(&mut self, problem: Problem) -> &mut Problem {
        let place = self.found.len();
        self.found.push(problem);
        &mut self.found[place]
    }

    /// Takes over the problems of another collector.
    pub fn append(&mut self, other: Problems) {
        self.found.extend(other.found);
    }

    /// True if nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.found.iter()
    }

    /// The problems ordered by file, line and column.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut sorted: Vec<&Problem> = self.found.iter().collect();
        sorted.sort();
        sorted
    }

    /// The codes in order of place: what a test of a decoder compares.
    pub fn codes(&self) -> Vec<&str> {
        self.sorted().into_iter().map(|problem| problem.code.as_str()).collect()
    }

    /// `Ok(value)` if nothing was found, else all problems.
    pub fn into_result<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.sorted().into_iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.iter()
    }
}
