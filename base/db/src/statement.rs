//! Statements whose tables and columns are known only when the program runs: registers that are declared, not programmed.
//!
//! A text of a statement is put together from literals of the program, from [`Name`]s and from numbered places for values, and from
//! nothing else. Nothing that somebody has typed becomes part of it.

use std::fmt;

use kernel::{Fault, Result};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, PgConnection, Postgres, Type};

/// The longest identifier of PostgreSQL, in bytes; a longer one would be cut without a word.
const LONGEST: usize = 63;

/// A name of a schema, table, column or index, made from keys of declarations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Small letters, digits and `_`, a letter first, at most 63 of them; anything else is `db.bad_name`.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let sound = text.len() <= LONGEST
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if sound {
            Ok(Self(text))
        } else {
            Err(Fault::internal("db.bad_name").with("name", text))
        }
    }

    /// The same with an ending.
    pub fn with(&self, ending: &'static str) -> Result<Self> {
        Self::new(format!("{}{ending}", self.0))
    }

    /// Without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A statement being written.
#[derive(Default)]
pub struct Statement {
    text: String,
    values: PgArguments,
    broken: Option<Fault>,
}

impl Statement {
    /// Begins with a literal.
    pub fn new(text: &'static str) -> Self {
        let mut statement = Self::default();
        statement.text(text);
        statement
    }

    /// A literal of the program.
    pub fn text(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A name, in quotes.
    pub fn name(&mut self, name: &Name) -> &mut Self {
        self.text.push('"');
        self.text.push_str(&name.0);
        self.text.push('"');
        self
    }

    /// A name where a text of SQL stands between the quotes of a literal: it holds none itself.
    pub fn literal(&mut self, name: &Name) -> &mut Self {
        self.text.push_str(&name.0);
        self
    }

    /// Several names, with commas between them.
    pub fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n Name>) -> &mut Self {
        for (place, name) in names.into_iter().enumerate() {
            if place > 0 {
                self.text(", ");
            }
            self.name(name);
        }
        self
    }

    /// The place of a value, which is sent beside the text.
    pub fn value<'v, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.values.add(value) {
            self.broken = Some(Fault::internal("db.broken").caused_by(error));
        }
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// The text so far, for tests and plans.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Runs it; how many rows were touched.
    pub async fn execute(self, connection: &mut PgConnection) -> Result<u64> {
        self.run(connection).await?.map_err(crate::fault)
    }

    /// The same with the error of the driver, for whoever tells which constraint was broken.
    pub async fn run(self, connection: &mut PgConnection) -> Result<Result<u64, sqlx::Error>> {
        let (text, values) = self.ready()?;
        let done = sqlx::query_with(text, values).execute(connection).await;
        Ok(done.map(|done| done.rows_affected()))
    }

    /// All rows.
    pub async fn fetch_all(self, connection: &mut PgConnection) -> Result<Vec<PgRow>> {
        let (text, values) = self.ready()?;
        sqlx::query_with(text, values)
            .fetch_all(connection)
            .await
            .map_err(crate::fault)
    }

    /// The only row, if there is one.
    pub async fn fetch_optional(self, connection: &mut PgConnection) -> Result<Option<PgRow>> {
        let (text, values) = self.ready()?;
        sqlx::query_with(text, values)
            .fetch_optional(connection)
            .await
            .map_err(crate::fault)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the text is made of literals, checked names and places for values only"
    )]
    fn ready(self) -> Result<(AssertSqlSafe<String>, PgArguments)> {
        match self.broken {
            Some(fault) => Err(fault),
            None => Ok((AssertSqlSafe(self.text), self.values)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_become_names() {
        for bad in [
            "",
            "Thửa",
            "a b",
            "a\"b",
            "a;b",
            "1a",
            "_a",
            "A",
            "a-b",
            "a\0",
            &"a".repeat(64),
        ] {
            assert_eq!(Name::new(bad).unwrap_err().code, "db.bad_name", "{bad}");
        }
        assert!(Name::new("a".repeat(63)).is_ok());
        assert!(Name::new("a".repeat(60)).unwrap().with("__was").is_err(), "never cut");
    }

    #[test]
    fn values_are_places() {
        let mut statement = Statement::new("SELECT ");
        statement
            .names(&[Name::new("one").unwrap(), Name::new("select").unwrap()])
            .text(" FROM records.")
            .name(&Name::new("parcel").unwrap())
            .text(" WHERE one = ")
            .value("'; DROP TABLE parcel; --")
            .text(" AND two > ")
            .value(7_i64);
        assert_eq!(
            statement.as_str(),
            r#"SELECT "one", "select" FROM records."parcel" WHERE one = $1 AND two > $2"#
        );
    }

    #[tokio::test]
    async fn it_runs() {
        let scratch = testkit::Scratch::new(&[]).await;
        let mut connection = scratch.pool.acquire().await.unwrap();
        let table = Name::new("parcel").unwrap();
        let mut make = Statement::new("CREATE TABLE ");
        make.name(&table).text(" (note text)");
        make.execute(&mut connection).await.unwrap();
        let mut put = Statement::new("INSERT INTO ");
        put.name(&table).text(" VALUES (").value("x'\"; y").text(")");
        assert_eq!(put.execute(&mut connection).await.unwrap(), 1);
        let mut get = Statement::new("SELECT note FROM ");
        get.name(&table);
        let rows = get.fetch_all(&mut connection).await.unwrap();
        assert_eq!(sqlx::Row::get::<String, _>(&rows[0], 0), "x'\"; y");
    }
}
