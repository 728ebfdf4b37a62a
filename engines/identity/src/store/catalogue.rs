//! The national list of areas.

use chrono::NaiveDate;
use db::{Page, PageRequest};
use kernel::{Result, collation};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::area::AreaRow;
use super::lineage::MOST_STEPS;
use crate::catalogue::{CatalogueArea, CatalogueEntry, CatalogueShare, ListedArea, ListedChange, Patterns, terms_of};
use crate::error;
use crate::model::Area;

#[derive(sqlx::FromRow)]
struct CatalogueRow {
    #[sqlx(flatten)]
    area: AreaRow,
    place: String,
    from_known: bool,
}

impl CatalogueRow {
    fn into_area(self) -> Result<CatalogueArea> {
        Ok(CatalogueArea {
            area: self.area.into_area()?,
            place: self.place,
            from_known: self.from_known,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ShareRow {
    #[sqlx(flatten)]
    area: CatalogueRow,
    whole: bool,
    note: String,
    basis: String,
}

fn shares(rows: Vec<ShareRow>) -> Result<Vec<CatalogueShare>> {
    rows.into_iter().map(share).collect()
}

fn share(row: ShareRow) -> Result<CatalogueShare> {
    Ok(CatalogueShare {
        area: row.area.into_area()?,
        whole: row.whole,
        note: row.note,
        basis: row.basis,
    })
}

/// Folded words between spaces, so that a word is found by how it begins.
fn words(of: &[&str]) -> String {
    let mut found = String::from(" ");
    for part in of {
        for term in terms_of(part) {
            found.push_str(&term);
            found.push(' ');
        }
    }
    found
}

pub(crate) async fn replace(
    connection: &mut PgConnection,
    _permit: &Permit,
    areas: &[ListedArea],
    changes: &[ListedChange<'_>],
) -> Result<()> {
    for statement in [
        "DELETE FROM identity.area_catalogue_successor",
        "DELETE FROM identity.area_catalogue",
    ] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    let of = |field: fn(&ListedArea) -> String| areas.iter().map(field).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO identity.area_catalogue
             (code, level, parent, name, place, own_words, all_words, name_key, valid_from, from_known, valid_to)
         SELECT * FROM unnest(
             $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[],
             $10::boolean[], $11::date[])",
    )
    .bind(of(|one| one.area.code.clone()))
    .bind(of(|one| one.area.level.as_str().to_owned()))
    .bind(areas.iter().map(|one| one.area.parent.clone()).collect::<Vec<_>>())
    .bind(of(|one| one.area.name.clone()))
    .bind(of(|one| one.place.clone()))
    .bind(of(|one| words(&[&one.area.name, &one.area.code])))
    .bind(of(|one| words(&[&one.area.name, &one.area.code, &one.place])))
    .bind(of(|one| collation::collation_key(&one.area.name)))
    .bind(areas.iter().map(|one| one.area.validity.from).collect::<Vec<_>>())
    .bind(areas.iter().map(|one| one.from_known).collect::<Vec<_>>())
    .bind(areas.iter().map(|one| one.area.validity.to).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("area_catalogue_one_meaning" | "area_catalogue_pkey") => error::overlap("area_catalogue"),
        _ => db::fault(e),
    })?;
    let of = |field: fn(&ListedChange<'_>) -> String| changes.iter().map(field).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO identity.area_catalogue_successor (old_code, old_from, new_code, new_from, whole, note, basis)
         SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::date[], $5::boolean[], $6::text[], $7::text[])",
    )
    .bind(of(|one| one.change.old_code.clone()))
    .bind(changes.iter().map(|one| one.old_from).collect::<Vec<_>>())
    .bind(of(|one| one.change.new_code.clone()))
    .bind(changes.iter().map(|one| one.new_from).collect::<Vec<_>>())
    .bind(changes.iter().map(|one| one.change.whole).collect::<Vec<_>>())
    .bind(of(|one| one.change.note.clone()))
    .bind(of(|one| one.change.basis.clone()))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Everything that a code ever meant, the oldest first.
pub(crate) async fn meanings(connection: &mut PgConnection, code: &str) -> Result<Vec<CatalogueArea>> {
    sqlx::query_as::<_, CatalogueRow>(
        "SELECT code, level, parent, name, valid_from, valid_to, place, from_known
         FROM identity.area_catalogue
         WHERE code = $1
         ORDER BY valid_from",
    )
    .bind(code)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?
    .into_iter()
    .map(CatalogueRow::into_area)
    .collect()
}

/// What this area became directly, and whether all of it went there.
pub(crate) async fn became(connection: &mut PgConnection, area: &Area) -> Result<Vec<CatalogueShare>> {
    let rows = sqlx::query_as(
        "SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, area.place, area.from_known,
                link.whole, link.note, link.basis
         FROM identity.area_catalogue_successor AS link
         JOIN identity.area_catalogue AS area ON area.code = link.new_code AND area.valid_from = link.new_from
         WHERE link.old_code = $1 AND link.old_from = $2
         ORDER BY area.name_key, area.code",
    )
    .bind(&area.code)
    .bind(area.validity.from)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    shares(rows)
}

/// The areas that this one came from, and whether each was taken in wholly.
pub(crate) async fn came_from(connection: &mut PgConnection, area: &Area) -> Result<Vec<CatalogueShare>> {
    let rows = sqlx::query_as(
        "SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, area.place, area.from_known,
                link.whole, link.note, link.basis
         FROM identity.area_catalogue_successor AS link
         JOIN identity.area_catalogue AS area ON area.code = link.old_code AND area.valid_from = link.old_from
         WHERE link.new_code = $1 AND link.new_from = $2
         ORDER BY area.name_key, area.code",
    )
    .bind(&area.code)
    .bind(area.validity.from)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    shares(rows)
}

/// What stands on the day on the ground of this area, which is not later, and whether all of it is there.
pub(crate) async fn ground(connection: &mut PgConnection, area: &Area, on: NaiveDate) -> Result<Vec<CatalogueShare>> {
    let rows = sqlx::query_as(
        "WITH RECURSIVE ground AS (
             SELECT code, valid_from, valid_to, true AS whole, ''::text AS note, ''::text AS basis, 0 AS step
             FROM identity.area_catalogue
             WHERE code = $1 AND valid_from = $2
             UNION
             SELECT area.code, area.valid_from, area.valid_to, ground.whole AND link.whole, link.note, link.basis, ground.step + 1
             FROM ground
             JOIN identity.area_catalogue_successor AS link ON link.old_code = ground.code AND link.old_from = ground.valid_from
             JOIN identity.area_catalogue AS area ON area.code = link.new_code AND area.valid_from = link.new_from
             WHERE ground.step < $4 AND ground.valid_to < $3
         )
         SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, area.place, area.from_known,
                bool_and(ground.whole) AS whole, max(ground.note) AS note, max(ground.basis) AS basis
         FROM ground
         JOIN identity.area_catalogue AS area ON area.code = ground.code AND area.valid_from = ground.valid_from
         WHERE area.valid_from <= $3 AND (area.valid_to IS NULL OR area.valid_to >= $3)
         GROUP BY area.code, area.valid_from
         ORDER BY area.name_key, area.code",
    )
    .bind(&area.code)
    .bind(area.validity.from)
    .bind(on)
    .bind(MOST_STEPS)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    shares(rows)
}

#[derive(sqlx::FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    area: CatalogueRow,
    aside: bool,
    name_key: String,
}

#[derive(sqlx::FromRow)]
struct BecameRow {
    old_code: String,
    old_from: NaiveDate,
    #[sqlx(flatten)]
    share: ShareRow,
}

/// Areas whose words, or those of areas above, have all that is asked for; those that are called so themselves first.
pub(crate) async fn search(
    connection: &mut PgConnection,
    patterns: &Patterns,
    on: Option<NaiveDate>,
    page: &PageRequest,
) -> Result<Page<CatalogueEntry>> {
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT code, level, parent, name, valid_from, valid_to, place, from_known, aside, name_key
         FROM (
             SELECT code, level, parent, name, valid_from, valid_to, place, from_known, name_key, own_words NOT LIKE ",
    );
    query
        .push_bind(&patterns.phrase)
        .push(" AS aside FROM identity.area_catalogue WHERE all_words LIKE ALL (")
        .push_bind(&patterns.all)
        .push(")");
    if let Some(day) = on {
        query
            .push(" AND valid_from <= ")
            .push_bind(day)
            .push(" AND (valid_to IS NULL OR valid_to >= ")
            .push_bind(day)
            .push(")");
    }
    query.push(") AS found");
    if let Some(after) = &page.after {
        let (aside, key, code, from): (bool, String, String, NaiveDate) = db::cursor::decode(after)?;
        query
            .push(" WHERE (aside, name_key, code, valid_from) > (")
            .push_bind(aside)
            .push(", ")
            .push_bind(key)
            .push(", ")
            .push_bind(code)
            .push(", ")
            .push_bind(from)
            .push(")");
    }
    let rows = query
        .push(" ORDER BY aside, name_key, code, valid_from LIMIT ")
        .push_bind(page.probe())
        .build_query_as::<FoundRow>()
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
    let cut = Page::cut(rows, page, |row| {
        let (code, from) = row.area.area.key();
        (row.aside, row.name_key.clone(), code.to_owned(), from)
    });
    let found: Vec<CatalogueArea> = cut
        .items
        .into_iter()
        .map(|row| row.area.into_area())
        .collect::<Result<_>>()?;
    let items = with_successors(connection, found).await?;
    Ok(Page { items, next: cut.next })
}

async fn with_successors(connection: &mut PgConnection, found: Vec<CatalogueArea>) -> Result<Vec<CatalogueEntry>> {
    let rows: Vec<BecameRow> = sqlx::query_as(
        "SELECT link.old_code, link.old_from,
                area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, area.place, area.from_known,
                link.whole, link.note, link.basis
         FROM unnest($1::text[], $2::date[]) AS asked(code, day)
         JOIN identity.area_catalogue_successor AS link ON link.old_code = asked.code AND link.old_from = asked.day
         JOIN identity.area_catalogue AS area ON area.code = link.new_code AND area.valid_from = link.new_from
         ORDER BY area.name_key, area.code",
    )
    .bind(found.iter().map(|one| one.area.code.clone()).collect::<Vec<_>>())
    .bind(found.iter().map(|one| one.area.validity.from).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let mut entries: Vec<CatalogueEntry> = found
        .into_iter()
        .map(|area| CatalogueEntry {
            area,
            became: Vec::new(),
        })
        .collect();
    for row in rows {
        let whose = |one: &&mut CatalogueEntry| {
            one.area.area.code == row.old_code && one.area.area.validity.from == row.old_from
        };
        if let Some(entry) = entries.iter_mut().find(whose) {
            entry.became.push(share(row.share)?);
        }
    }
    Ok(entries)
}
