//! Questions of applications as SQL. The names in it come from the tables of `schema`, never from the request; what the request holds is
//! bound as values.

use chrono::{DateTime, Utc};
use kernel::Result;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::answer::Kept;
use crate::document::Document;
use crate::error;
use crate::filter::{Comparison, Filter, Wanted, wanted_of};
use crate::path::Place;
use crate::schema::{Attribute, Kind, Resource};
use crate::search::{Order, Question};

type Query = QueryBuilder<Postgres>;

/// The groups of a user and the members of a group, each as one object.
const GROUPS: &str = "(SELECT jsonb_build_object('value', member.group_id, 'display', related.doc ->> 'displayName', 'type', 'direct') AS value
      FROM scim.member AS member JOIN scim.\"group\" AS related ON related.id = member.group_id
      WHERE member.user_id = found.id)";
const MEMBERS: &str = "(SELECT jsonb_build_object('value', member.user_id, 'type', 'User') AS value
      FROM scim.member AS member WHERE member.group_id = found.id)";

#[derive(sqlx::FromRow)]
struct FoundRow {
    kind: String,
    id: Uuid,
    doc: Json<Value>,
    version: i64,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

/// What is kept as an object.
pub(crate) fn document(value: Value) -> Result<Document> {
    match value {
        Value::Object(document) => Ok(document),
        _ => Err(error::broken("doc")),
    }
}

/// How many resources fit.
pub(crate) async fn count(connection: &mut PgConnection, question: &Question<'_>) -> Result<i64> {
    let mut query = Query::new("SELECT count(*) FROM (");
    every(&mut query, question)?;
    query.push(") AS found");
    query
        .build_query_scalar()
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// A page of those that fit.
pub(crate) async fn page(
    connection: &mut PgConnection,
    question: &Question<'_>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Kept>> {
    let mut query = Query::new("SELECT kind, id, doc, version, created_at, changed_at FROM (");
    every(&mut query, question)?;
    query.push(") AS found ORDER BY ");
    match &question.order {
        Some(Order { descending: true, .. }) => query.push("key COLLATE \"C\" DESC NULLS FIRST, "),
        Some(_) => query.push("key COLLATE \"C\" NULLS LAST, "),
        None => &mut query,
    };
    query.push("kind DESC, created_at, id OFFSET ").push_bind(offset);
    query.push(" LIMIT ").push_bind(limit);
    let rows: Vec<FoundRow> = query
        .build_query_as()
        .fetch_all(&mut *connection)
        .await
        .map_err(db::fault)?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(Kept {
            resource: if row.kind == "User" {
                Resource::User
            } else {
                Resource::Group
            },
            id: row.id,
            document: document(row.doc.0)?,
            version: row.version,
            created_at: row.created_at,
            changed_at: row.changed_at,
            related: Vec::new(),
        });
    }
    relate(connection, &mut all).await?;
    Ok(all)
}

/// One resource of a client.
pub(crate) async fn one(
    connection: &mut PgConnection,
    client: &str,
    resource: Resource,
    id: Uuid,
) -> Result<Option<Kept>> {
    let only = [resource];
    let question = Question {
        client,
        base: "",
        resources: &only,
        filter: None,
        order: None,
    };
    let mut query = Query::new("SELECT kind, id, doc, version, created_at, changed_at FROM (");
    every(&mut query, &question)?;
    query.push(") AS found WHERE id = ").push_bind(id);
    let row: Option<FoundRow> = query
        .build_query_as()
        .fetch_optional(&mut *connection)
        .await
        .map_err(db::fault)?;
    let Some(row) = row else { return Ok(None) };
    let mut all = [Kept {
        resource,
        id: row.id,
        document: document(row.doc.0)?,
        version: row.version,
        created_at: row.created_at,
        changed_at: row.changed_at,
        related: Vec::new(),
    }];
    relate(connection, &mut all).await?;
    let [kept] = all;
    Ok(Some(kept))
}

/// Adds the groups of users and the members of groups.
async fn relate(connection: &mut PgConnection, all: &mut [Kept]) -> Result<()> {
    let ids: Vec<Uuid> = all.iter().map(|kept| kept.id).collect();
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "SELECT member.user_id AS owner, member.group_id AS related, coalesce(named.doc ->> 'displayName', '')
         FROM scim.member AS member
         JOIN scim.\"group\" AS named ON named.id = member.group_id
         WHERE member.user_id = ANY ($1)
         UNION ALL
         SELECT member.group_id, member.user_id, ''
         FROM scim.member AS member
         WHERE member.group_id = ANY ($1)
         ORDER BY owner, related",
    )
    .bind(&ids)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    for (owner, related, name) in rows {
        if let Some(kept) = all.iter_mut().find(|kept| kept.id == owner) {
            kept.related.push((related, name));
        }
    }
    Ok(())
}

/// The resources that fit, of each kind that is asked for.
fn every(query: &mut Query, question: &Question<'_>) -> Result<()> {
    let mut known = question.filter.is_none();
    for (at, resource) in question.resources.iter().enumerate() {
        if at > 0 {
            query.push(" UNION ALL ");
        }
        let (kind, table) = match resource {
            Resource::User => ("'User'", "scim.\"user\""),
            Resource::Group => ("'Group'", "scim.\"group\""),
        };
        query.push(format!(
            "SELECT {kind}::text AS kind, found.id, found.doc, found.version, found.created_at, found.changed_at"
        ));
        if let Some(order) = &question.order {
            query.push(", ");
            key(query, *resource, &order.by)?;
            query.push(" AS key");
        }
        query.push(format!(
            " FROM {table} AS found WHERE found.closed_at IS NULL AND found.client = "
        ));
        query.push_bind(question.client.to_owned());
        if let Some(filter) = question.filter {
            let mut writer = Writer {
                query: &mut *query,
                resource: *resource,
                base: question.base,
                known: &mut known,
            };
            writer.query.push(" AND ");
            writer.condition(filter)?;
        }
    }
    // A name that no resource knows is a mistake; one that some do not know has no value there (RFC 7644, 3.4.2.1).
    if known { Ok(()) } else { Err(error::filter()) }
}

/// What a list is ordered by: the text of the attribute, of a list the first choice.
fn key(query: &mut Query, resource: Resource, by: &str) -> Result<()> {
    let Some(place) = Place::find(resource, by) else {
        query.push("NULL::text");
        return Ok(());
    };
    let attribute = place.attribute.ok_or_else(|| error::syntax("sortBy"))?;
    let fold = |exact: bool, value: String| if exact { value } else { format!("lower({value})") };
    if attribute.several {
        let part = place
            .part
            .or(attribute.part("value"))
            .ok_or_else(|| error::syntax("sortBy"))?;
        let value = fold(part.exact, format!("item.value ->> '{}'", part.name));
        query.push(format!(
            "(SELECT {value} FROM {} AS item(value) ORDER BY (item.value ->> 'primary') = 'true' DESC NULLS LAST LIMIT 1)",
            items(&place, attribute)
        ));
        return Ok(());
    }
    let last = place.part.unwrap_or(attribute);
    match last.kind {
        Kind::Complex => return Err(error::syntax("sortBy")),
        Kind::Moment => {
            let column = moment(last);
            query.push(format!(
                "to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
            ));
        }
        _ => {
            let value = fold(last.exact, text(resource, &place, attribute, "")?);
            query.push(value);
        }
    }
    Ok(())
}

/// The values of a list, as rows of a column `value`.
fn items(place: &Place, attribute: &Attribute) -> String {
    match (place.extension, attribute.name) {
        (None, "groups") => GROUPS.to_owned(),
        (None, "members") => MEMBERS.to_owned(),
        (None, name) => format!("jsonb_array_elements(found.doc -> '{name}')"),
        (Some(schema), name) => format!("jsonb_array_elements(found.doc -> '{}' -> '{name}')", schema.urn),
    }
}

fn moment(attribute: &Attribute) -> &'static str {
    match attribute.name {
        "created" => "found.created_at",
        _ => "found.changed_at",
    }
}

/// A single value as text. `base` stands before addresses; it is of this server and holds no quotes.
fn text(resource: Resource, place: &Place, attribute: &Attribute, base: &str) -> Result<String> {
    if base.contains('\'') {
        return Err(error::broken("base"));
    }
    let part = place.part.map(|part| part.name);
    Ok(match (place.extension, attribute.name, part) {
        (Some(schema), name, None) => format!("(found.doc -> '{}' ->> '{name}')", schema.urn),
        (None, "id", None) => "found.id::text".to_owned(),
        (None, "meta", Some("version")) => "('W/\"' || found.version || '\"')".to_owned(),
        (None, "meta", Some("resourceType")) => format!("'{}'", resource.name()),
        (None, "meta", Some("location")) => format!("('{base}' || found.id)"),
        (None, name, None) => format!("(found.doc ->> '{name}')"),
        (None, name, Some(part)) => format!("(found.doc -> '{name}' ->> '{part}')"),
        (Some(_), _, Some(_)) => return Err(error::filter()),
    })
}

/// Writes the conditions of one kind of resource.
struct Writer<'a> {
    query: &'a mut Query,
    resource: Resource,
    base: &'a str,
    /// Whether any name was known to any kind.
    known: &'a mut bool,
}

impl Writer<'_> {
    fn condition(&mut self, filter: &Filter) -> Result<()> {
        match filter {
            Filter::And(left, right) => self.joined(left, " AND ", right),
            Filter::Or(left, right) => self.joined(left, " OR ", right),
            Filter::Not(inner) => {
                self.query.push("NOT (");
                self.condition(inner)?;
                self.query.push(")");
                Ok(())
            }
            Filter::Present(name) => self.named(name, |writer, place, attribute| writer.present(place, attribute)),
            Filter::Compare(name, how, wanted) => self.named(name, |writer, place, attribute| {
                writer.compared(place, attribute, *how, wanted)
            }),
            Filter::Among(name, inner) => self.named(name, |writer, place, attribute| {
                if !attribute.several || place.part.is_some() {
                    return Err(error::filter());
                }
                writer.query.push(format!(
                    "EXISTS (SELECT FROM {} AS item(value) WHERE ",
                    items(place, attribute)
                ));
                writer.among(attribute, inner)?;
                writer.query.push(")");
                Ok(())
            }),
        }
    }

    fn joined(&mut self, left: &Filter, word: &str, right: &Filter) -> Result<()> {
        self.query.push("(");
        self.condition(left)?;
        self.query.push(word);
        self.condition(right)?;
        self.query.push(")");
        Ok(())
    }

    /// A condition on an attribute; one that this kind does not have holds nothing.
    fn named(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Self, &Place, &'static Attribute) -> Result<()>,
    ) -> Result<()> {
        let Some(place) = Place::find(self.resource, name) else {
            self.query.push("false");
            return Ok(());
        };
        *self.known = true;
        let attribute = place.attribute.ok_or_else(error::filter)?;
        write(self, &place, attribute)
    }

    fn present(&mut self, place: &Place, attribute: &'static Attribute) -> Result<()> {
        if attribute.several {
            let part = place
                .part
                .map_or_else(String::new, |part| format!(" WHERE item.value ? '{}'", part.name));
            self.query.push(format!(
                "EXISTS (SELECT FROM {} AS item(value){part})",
                items(place, attribute)
            ));
        } else if attribute.name == "id" || attribute.name == "meta" {
            self.query.push("true");
        } else if place.part.is_none() && attribute.kind == Kind::Complex {
            self.query.push(format!("found.doc ? '{}'", attribute.name));
        } else {
            let value = text(self.resource, place, attribute, self.base)?;
            self.query.push(format!("{value} IS NOT NULL"));
        }
        Ok(())
    }

    fn compared(
        &mut self,
        place: &Place,
        attribute: &'static Attribute,
        how: Comparison,
        wanted: &Value,
    ) -> Result<()> {
        if attribute.several {
            let part = place.part.or(attribute.part("value")).ok_or_else(error::filter)?;
            self.query.push(format!(
                "EXISTS (SELECT FROM {} AS item(value) WHERE ",
                items(place, attribute)
            ));
            self.one(part, &format!("(item.value ->> '{}')", part.name), how, wanted)?;
            self.query.push(")");
            return Ok(());
        }
        let last = place.part.unwrap_or(attribute);
        if last.kind == Kind::Complex {
            return Err(error::filter());
        }
        let value = match last.kind {
            Kind::Moment => moment(last).to_owned(),
            _ => text(
                self.resource,
                place,
                attribute,
                &format!("{}{}/", self.base, self.resource.endpoint()),
            )?,
        };
        self.one(last, &value, how, wanted)
    }

    /// Conditions on one value of a list.
    fn among(&mut self, attribute: &'static Attribute, filter: &Filter) -> Result<()> {
        let part = |name: &str| attribute.part(name).ok_or_else(error::filter);
        match filter {
            Filter::And(left, right) | Filter::Or(left, right) => {
                let word = if matches!(filter, Filter::And(..)) {
                    " AND "
                } else {
                    " OR "
                };
                self.query.push("(");
                self.among(attribute, left)?;
                self.query.push(word);
                self.among(attribute, right)?;
                self.query.push(")");
                Ok(())
            }
            Filter::Not(inner) => {
                self.query.push("NOT (");
                self.among(attribute, inner)?;
                self.query.push(")");
                Ok(())
            }
            Filter::Present(name) => {
                self.query.push(format!("item.value ? '{}'", part(name)?.name));
                Ok(())
            }
            Filter::Compare(name, how, wanted) => {
                let part = part(name)?;
                self.one(part, &format!("(item.value ->> '{}')", part.name), *how, wanted)
            }
            Filter::Among(..) => Err(error::filter()),
        }
    }

    /// Compares one value; never NULL, so that `not` turns it round.
    fn one(&mut self, attribute: &Attribute, value: &str, how: Comparison, wanted: &Value) -> Result<()> {
        let query = &mut *self.query;
        match wanted_of(attribute, how, wanted)? {
            None if how == Comparison::Equal => query.push(format!("{value} IS NULL")),
            None => query.push(format!("{value} IS NOT NULL")),
            Some(Wanted::Truth(truth)) => {
                let is = if how == Comparison::Equal {
                    "IS NOT DISTINCT FROM"
                } else {
                    "IS DISTINCT FROM"
                };
                query.push(format!("{value}::boolean {is} ")).push_bind(truth)
            }
            Some(Wanted::Moment(moment)) => {
                let sign = sign(how).ok_or_else(error::filter)?;
                query.push(format!("{value} {sign} ")).push_bind(moment)
            }
            Some(Wanted::Text(wanted)) => {
                let fold = if attribute.exact { "" } else { "lower" };
                match (how, sign(how)) {
                    (Comparison::NotEqual, _) => query
                        .push(format!("{fold}({value}) IS DISTINCT FROM {fold}("))
                        .push_bind(wanted)
                        .push("::text)"),
                    // As the index has it.
                    (Comparison::Equal, _) => query
                        .push(format!("({value} IS NOT NULL AND {fold}({value}) = {fold}("))
                        .push_bind(wanted)
                        .push("::text))"),
                    (_, Some(sign)) => query
                        .push(format!("coalesce({fold}({value}) COLLATE \"C\" {sign} {fold}("))
                        .push_bind(wanted)
                        .push("::text), false)"),
                    (Comparison::Contains, None) => query
                        .push(format!("coalesce(strpos({fold}({value}), {fold}("))
                        .push_bind(wanted)
                        .push("::text)) > 0, false)"),
                    (Comparison::Starts, None) => query
                        .push(format!("coalesce(starts_with({fold}({value}), {fold}("))
                        .push_bind(wanted)
                        .push("::text)), false)"),
                    (_, None) => query
                        .push(format!(
                            "coalesce(starts_with(reverse({fold}({value})), reverse({fold}("
                        ))
                        .push_bind(wanted)
                        .push("::text))), false)"),
                }
            }
        };
        Ok(())
    }
}

/// The sign in SQL.
const fn sign(how: Comparison) -> Option<&'static str> {
    Some(match how {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Contains | Comparison::Starts | Comparison::Ends => return None,
    })
}
