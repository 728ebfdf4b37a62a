//! The tables of registers: made and changed when something is published.

use std::collections::BTreeSet;

use db::{Name, Statement};
use kernel::Result;
use op::Permit;
use sqlx::{PgConnection, Row};

use crate::definition::RecordDefinition;
use crate::model::plan::{Condition, FieldColumn, IndexOf, IndexSort, Plan, Step, columns, indexes};

/// More records than this are not computed anew within one publication.
pub(crate) const FEW_RECORDS: i64 = 200_000;

/// The table of what is known now.
pub(crate) fn now(definition: &RecordDefinition) -> Result<Name> {
    Name::new(definition.record.clone())
}

/// The table of what was known before.
pub(crate) fn was(definition: &RecordDefinition) -> Result<Name> {
    now(definition)?.with("__was")
}

/// The types that columns have; a statement holds literals only.
fn typed(statement: &mut Statement, sql: &'static str) {
    statement.text(" ").text(sql);
}

fn make_columns(statement: &mut Statement, columns: &[FieldColumn<'_>]) {
    statement.text(
        "id uuid NOT NULL, valid_from date NOT NULL, valid_to date, version bigint NOT NULL,
         recorded_at timestamptz NOT NULL, recorded_by uuid, sealed bytea, words tsvector",
    );
    for (_, column) in columns {
        statement.text(", ").name(&column.name);
        typed(statement, column.sql);
        // Keys to sort by are compared by their bytes.
        if matches!(column.part, crate::model::column::Part::Sort) {
            statement.text(" COLLATE \"C\"");
        }
    }
}

/// Makes both tables of a register, with their walls.
pub(crate) async fn make(connection: &mut PgConnection, _: &Permit, definition: &RecordDefinition) -> Result<()> {
    let (now, was) = (now(definition)?, was(definition)?);
    let columns = columns(definition)?;
    let mut table = Statement::new("CREATE TABLE records.");
    table.name(&now).text(" (");
    make_columns(&mut table, &columns);
    table.text(", PRIMARY KEY (id, valid_from), CHECK (valid_to >= valid_from))");
    table.execute(connection).await?;
    let mut table = Statement::new("CREATE TABLE records.");
    table.name(&was).text(" (");
    make_columns(&mut table, &columns);
    table.text(
        ", replaced_at timestamptz NOT NULL, replaced_by uuid, replaced_why text NOT NULL,
         PRIMARY KEY (id, valid_from, version, replaced_at))",
    );
    table.execute(connection).await?;
    for name in [&now, &was] {
        wall(connection, definition, name).await?;
    }
    for index in indexes(definition)? {
        make_index(connection, definition, &index).await?;
    }
    Ok(())
}

/// The second wall around a table: who acts may read it, may write it. The policies ask once a statement, not once a row.
async fn wall(connection: &mut PgConnection, definition: &RecordDefinition, table: &Name) -> Result<()> {
    let register = Name::new(definition.record.clone())?;
    let mut on = Statement::new("ALTER TABLE records.");
    on.name(table).text(" ENABLE ROW LEVEL SECURITY");
    on.execute(connection).await?;
    for (policy, asks) in [
        (" FOR SELECT USING ((SELECT registry.may_read('", "'))) "),
        (" FOR INSERT WITH CHECK ((SELECT registry.may_write('", "')))"),
        (" FOR UPDATE USING ((SELECT registry.may_write('", "')))"),
        (" FOR DELETE USING ((SELECT registry.may_write('", "')))"),
    ] {
        let name = Name::new(match policy.split_whitespace().nth(1) {
            Some("SELECT") => "reads",
            Some("INSERT") => "adds",
            Some("UPDATE") => "changes",
            _ => "removes",
        })?;
        let mut make = Statement::new("CREATE POLICY ");
        make.name(&name).text(" ON records.").name(table).text(policy);
        // A checked key holds no quotes.
        make.literal(&register).text(asks);
        make.execute(connection).await?;
    }
    Ok(())
}

async fn make_index(connection: &mut PgConnection, definition: &RecordDefinition, index: &IndexOf) -> Result<()> {
    let mut make = Statement::new(match index.sort {
        IndexSort::Unique => "CREATE UNIQUE INDEX ",
        _ => "CREATE INDEX ",
    });
    make.name(&index.name).text(" ON records.").name(&now(definition)?);
    match index.sort {
        IndexSort::Words => {
            make.text(" USING gin (").names(&index.columns).text(")");
        }
        // What holds until further notice is there once; what has ended may come again on other days (`once`).
        IndexSort::Unique => {
            make.text(" (").names(&index.columns).text(") WHERE valid_to IS NULL");
        }
        IndexSort::Ending => {
            make.text(" (")
                .names(&index.columns)
                .text(", valid_to) WHERE valid_to IS NOT NULL");
        }
        IndexSort::Search | IndexSort::Tag | IndexSort::Twins => {
            make.text(" (").names(&index.columns).text(", id)");
            if !index.along.is_empty() {
                make.text(" INCLUDE (").names(&index.along).text(")");
            }
        }
    }
    make.execute(connection).await.map(drop)
}

/// Keeps others from writing into a table until the operation ends. Whoever writes has read before: where the table itself changes it is held
/// against readers from the beginning, so that nobody who reads and would write waits for whoever waits for them. Otherwise everybody goes on reading.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    _: &Permit,
    definition: &RecordDefinition,
    plan: &Plan,
) -> Result<()> {
    let stays = |step: &Step| matches!(step, Step::Derive | Step::AddIndex(_));
    let mut lock = Statement::new("LOCK TABLE records.");
    lock.name(&now(definition)?).text(match plan.steps.iter().all(stays) {
        true => " IN EXCLUSIVE MODE",
        false => " IN ACCESS EXCLUSIVE MODE",
    });
    lock.execute(connection).await.map(drop)
}

/// How many records stand against a condition.
pub(crate) async fn against(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    condition: &Condition,
) -> Result<i64> {
    let now = now(definition)?;
    let count = match condition {
        Condition::FewRecords => {
            let mut over = Statement::new("SELECT greatest(count(*) - ");
            over.value(FEW_RECORDS).text(", 0) FROM records.").name(&now);
            over
        }
        Condition::Distinct(fields) => {
            let mut count =
                Statement::new("SELECT coalesce(sum(times), 0)::bigint FROM (SELECT count(*) AS times FROM records.");
            let mut names = Vec::new();
            for field in fields {
                let sealed = definition.field(field).is_some_and(|field| field.is_sealed());
                let name = Name::new(field.clone())?;
                names.push(if sealed { name.with("__tag")? } else { name });
            }
            count.name(&now).text(" WHERE valid_to IS NULL");
            for name in &names {
                count.text(" AND ").name(name).text(" IS NOT NULL");
            }
            count
                .text(" GROUP BY ")
                .names(&names)
                .text(" HAVING count(*) > 1) AS twice");
            count
        }
        Condition::NoRecords(_) | Condition::Unused(_) | Condition::CodeUnused(..) => {
            // What was known before has the same columns, and would be lost with them.
            let mut count = Statement::new("SELECT count(*) FROM (SELECT id FROM records.");
            count.name(&now);
            holding(&mut count, definition, condition)?;
            count.text(" UNION SELECT id FROM records.").name(&was(definition)?);
            holding(&mut count, definition, condition)?;
            count.text(") AS either");
            count
        }
    };
    let row = count.fetch_optional(connection).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// Which rows hold what a condition says that none does.
fn holding(count: &mut Statement, definition: &RecordDefinition, condition: &Condition) -> Result<()> {
    match condition {
        Condition::Unused(field) => {
            count
                .text(" WHERE ")
                .name(&Name::new(field.clone())?)
                .text(" IS NOT NULL");
        }
        Condition::CodeUnused(field, code) => {
            let column = Name::new(field.clone())?;
            let many = definition.field(field).is_some_and(|field| field.word() == "choices");
            count.text(" WHERE ");
            match many {
                true => count.value(code.clone()).text(" = ANY (").name(&column).text(")"),
                false => count.name(&column).text(" = ").value(code.clone()),
            };
        }
        Condition::NoRecords(_) | Condition::FewRecords | Condition::Distinct(_) => {}
    }
    Ok(())
}

/// Does the steps of a plan, all but [`Step::Make`] and [`Step::Derive`]: columns first, then indexes.
pub(crate) async fn change(
    connection: &mut PgConnection,
    _: &Permit,
    new: &RecordDefinition,
    plan: &Plan,
) -> Result<()> {
    let all = columns(new)?;
    let column = |name: &str| all.iter().find(|(_, column)| column.name.as_str() == name);
    for step in &plan.steps {
        match step {
            Step::DropIndex(name) => {
                // An older program may have made the table without it.
                let mut drop = Statement::new("DROP INDEX IF EXISTS records.");
                drop.name(&Name::new(name.clone())?);
                drop.execute(connection).await?;
            }
            Step::AddColumn(name) | Step::DropColumn(name) | Step::Retype(name) => {
                let name = Name::new(name.clone())?;
                for table in [now(new)?, was(new)?] {
                    let mut alter = Statement::new("ALTER TABLE records.");
                    alter.name(&table);
                    match (step, column(name.as_str())) {
                        (Step::DropColumn(_), _) => {
                            alter.text(" DROP COLUMN ").name(&name);
                        }
                        (Step::AddColumn(_), Some((_, column))) => {
                            alter.text(" ADD COLUMN ").name(&name);
                            typed(&mut alter, column.sql);
                            if matches!(column.part, crate::model::column::Part::Sort) {
                                alter.text(" COLLATE \"C\"");
                            }
                        }
                        (_, Some((_, column))) => {
                            alter.text(" ALTER COLUMN ").name(&name).text(" TYPE");
                            typed(&mut alter, column.sql);
                            // By way of text: a type that takes the other in reads it from there, an empty column reads nothing.
                            alter.text(" USING ").name(&name).text("::text::").text(column.sql);
                        }
                        (_, None) => continue,
                    }
                    alter.execute(connection).await?;
                }
            }
            Step::Make | Step::Derive | Step::AddIndex(_) => {}
        }
    }
    Ok(())
}

/// The names of the indexes of all tables of records.
pub(crate) async fn index_names(connection: &mut PgConnection) -> Result<BTreeSet<String>> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'records'::regnamespace AND relkind = 'i'",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(names.into_iter().collect())
}

/// Makes the new indexes of a plan; after everything was computed anew.
pub(crate) async fn add_indexes(
    connection: &mut PgConnection,
    _: &Permit,
    new: &RecordDefinition,
    plan: &Plan,
) -> Result<()> {
    for index in indexes(new)? {
        let wanted = plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::AddIndex(name) if *name == index.name.as_str()));
        if wanted {
            make_index(connection, new, &index).await?;
        }
    }
    Ok(())
}

/// How many records there are, as the database estimates it where there are many.
pub(crate) async fn count(connection: &mut PgConnection, definition: &RecordDefinition) -> Result<i64> {
    let now = now(definition)?;
    let estimate: Option<i64> = sqlx::query_scalar(
        "SELECT reltuples::bigint FROM pg_class WHERE relnamespace = 'records'::regnamespace AND relname = $1",
    )
    .bind(now.as_str())
    .fetch_optional(&mut *connection)
    .await
    .map_err(db::fault)?;
    if let Some(estimate) = estimate.filter(|estimate| *estimate > 10_000) {
        return Ok(estimate);
    }
    let mut count = Statement::new("SELECT count(DISTINCT id) FROM records.");
    count.name(&now);
    let row = count.fetch_optional(connection).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}
