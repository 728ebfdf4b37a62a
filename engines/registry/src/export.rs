//! Taking records out as a file (xuất dữ liệu): what lists show, all of it, in whatever format; what is sealed only for a purpose.

mod cells;
pub(crate) mod pipe;
mod wish;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use chrono::NaiveDate;
use futures::{Stream, stream};
use kernel::{Actor, PersonId, PersonalNumber, Result};
use op::{Entry, Op, Ops};
use render::{Params, Texts};
use schema::field::FieldKind;
use serde_json::{Value, json};
use tabular::{Cell, Format, Heading};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::definition::{FieldDefinition, Kind, LinkTarget, RecordDefinition};
use crate::list::{Condition, Query};
use crate::model::Record;
use crate::published::Seen;
use crate::store::list::After;
use crate::{Registry, access, error, store};

pub use wish::{Exportable, Wish, format_of};

/// Records asked of the database at a time.
const PAGE: i64 = 2_000;
/// Files that one program writes at a time.
pub(crate) const AT_ONCE: usize = 8;
/// The most records of a sheet: the first row holds the headings.
const MOST_IN_A_SHEET: i64 = 1_048_575;
/// The longest beginning of the name of a file, in characters.
const LONGEST_STEM: usize = 80;

/// A file that may be taken.
pub struct Export {
    /// The name: register and day.
    pub name: String,
    /// How many records it has, as far as was known when it was allowed.
    pub count: i64,
    plan: Arc<Plan>,
}

/// One column of the file.
pub(crate) enum Column {
    /// A field.
    Field(Box<FieldDefinition>),
    /// The first day on which it is so.
    ValidFrom,
    /// The last day.
    ValidTo,
}

/// Everything that making the file needs.
struct Plan {
    registry: Registry,
    definition: Arc<RecordDefinition>,
    /// The request to which every entry of the trail belongs.
    request: Uuid,
    actor: Actor,
    export: Uuid,
    wish: Wish,
    /// The query with what is sealed asked by hashes.
    query: Query,
    day: NaiveDate,
    columns: Vec<Column>,
    lookup: cells::Lookup,
    /// What links lead to, with the field by which their records are named in the file.
    links: BTreeMap<String, Named>,
    made: bool,
    _turn: OwnedSemaphorePermit,
}

/// How the records of a register are named in a file.
struct Named {
    definition: Arc<RecordDefinition>,
    /// The field; none: by their identifiers.
    field: Option<String>,
}

impl Registry {
    /// Allows a file to be taken and writes down who takes it. The caller commits, then sends [`Export::stream`].
    ///
    /// # Errors
    /// Those of [`Self::list`]; `registry.purpose_needed`, `registry.not_allowed` and `identity.step_up_needed` where sealed fields are asked for;
    /// `registry.no_geometry`, `registry.too_many_for_a_sheet` {most}, `registry.exports_busy`.
    pub async fn export(&self, op: &mut Op, register: &str, wish: Wish, texts: &Texts) -> Result<Export> {
        let seen = self.seen(op, register).await?;
        let subject = format!("register:{register}");
        op.allow("registry.export", &subject, access::read(register, &seen.sight))
            .await?;
        if let Some(purpose) = &wish.purpose {
            op.allow("registry.open", &subject, access::open(op.rights(), &seen.sight))
                .await?;
            self.identity().check_step_up(op)?;
            crate::show::check_purpose(purpose)?;
        }
        let query = self.asked(op, &seen, &wish.query)?;
        if !query.tags.is_empty() && wish.purpose.is_none() {
            return Err(error::purpose_needed());
        }
        // What is sealed is taken as it is known now.
        if wish.purpose.is_some() && query.known_at.is_some() {
            return Err(error::bad_filter("known_at"));
        }
        let columns = columns(&seen, &wish)?;
        let definition = seen.published.definition.clone();
        let has_shape =
            |column: &Column| matches!(column, Column::Field(field) if matches!(field.kind, Kind::Geometry(_)));
        if wish.format == Format::GeoJson && !columns.iter().any(has_shape) {
            return Err(error::no_geometry());
        }
        let turn = self.export_turn()?;
        let day = wish.query.as_of.unwrap_or_else(|| kernel::local_date(op.now()));
        let count = match seen.published.made {
            true => store::list::count(op.conn(), &definition, &query, day, i64::MAX).await?,
            false => 0,
        };
        if wish.format == Format::Xlsx && count > MOST_IN_A_SHEET {
            return Err(error::too_many_for_a_sheet(MOST_IN_A_SHEET));
        }
        let lookup = self.export_lookup(op, &columns, &wish, day, texts).await?;
        let links = self.export_links(op, &columns, wish.words).await?;
        let export = Uuid::now_v7();
        let entry = Entry::new("registry.exported", &subject).detail(json!({
            "export": export,
            "format": wish.format.extension(),
            "count": count,
            "fields": names(&columns),
            "filters": filters(&seen, &wish.query),
            "as_of": day,
            "sealed": wish.purpose.is_some(),
        }));
        let entry = match &wish.purpose {
            Some(purpose) => entry.purpose(purpose.trim()),
            None => entry,
        };
        op.record(entry).await?;
        let today = kernel::local_date(op.now());
        Ok(Export {
            name: format!("{}-{today}.{}", stem(&definition, wish.locale), wish.format.extension()),
            count,
            plan: Arc::new(Plan {
                registry: self.clone(),
                definition,
                request: op.request(),
                actor: op.actor().clone(),
                export,
                query,
                day,
                columns,
                lookup,
                links,
                made: seen.published.made,
                wish,
                _turn: turn,
            }),
        })
    }

    /// Whose data a record holds, of those whom the platform knows.
    pub(crate) async fn people_of(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        record: &Record,
    ) -> Result<Vec<PersonId>> {
        let numbers = numbers_of(definition, record);
        let known = self.identity().whose_numbers(op, &numbers).await?;
        Ok(people_among(&known, &numbers))
    }

    fn export_turn(&self) -> Result<OwnedSemaphorePermit> {
        self.exports().try_acquire_owned().map_err(|_| error::exports_busy())
    }

    /// The words of codes, as far as columns need them.
    async fn export_lookup(
        &self,
        op: &mut Op,
        columns: &[Column],
        wish: &Wish,
        day: NaiveDate,
        texts: &Texts,
    ) -> Result<cells::Lookup> {
        let say = |key: &str| texts.get(wish.locale, key, &Params::new());
        let mut lookup = cells::Lookup {
            format: wish.format,
            language: wish.locale.tag(),
            words: wish.words,
            yes: say("layout.yes"),
            no: say("layout.no"),
            too_long: say("registers_files.export.too_long"),
            valid_from: say("registers_files.column.valid_from"),
            valid_to: say("registers_files.column.valid_to"),
            ..cells::Lookup::default()
        };
        if !wish.words {
            return Ok(lookup);
        }
        for column in columns {
            let Column::Field(field) = column else { continue };
            if let Some(catalogue) = field.catalogue()
                && !lookup.catalogues.contains_key(catalogue)
            {
                let codes = self.codes(op, catalogue).await?;
                lookup.catalogues.insert(catalogue.to_owned(), codes);
            }
            if matches!(field.kind, Kind::Plain(FieldKind::Area)) && lookup.areas.is_empty() {
                for province in self.identity().divided_provinces(op, day).await? {
                    let wards = self.identity().wards_of(op, &province.code, day).await?;
                    lookup
                        .areas
                        .extend(wards.into_iter().map(|ward| (ward.code, ward.name)));
                }
            }
        }
        Ok(lookup)
    }

    /// How what links lead to is named: by the title, or by the key that imports find it by; by the identifier where the reader sees neither.
    async fn export_links(&self, op: &mut Op, columns: &[Column], words: bool) -> Result<BTreeMap<String, Named>> {
        let mut links = BTreeMap::new();
        for column in columns {
            let Column::Field(field) = column else { continue };
            let Some(register) = field.links_to() else { continue };
            if links.contains_key(register) {
                continue;
            }
            let Ok(seen) = self.seen(op, register).await else {
                continue;
            };
            if !seen.published.made {
                continue;
            }
            let definition = seen.published.definition.clone();
            let by = match (words, definition.key.as_slice()) {
                (true, _) => Some(definition.title.clone()),
                (false, [key]) => Some(key.clone()),
                (false, _) => None,
            };
            let field = by.filter(|field| seen.sight.plain.contains(field));
            links.insert(register.to_owned(), Named { definition, field });
        }
        Ok(links)
    }
}

/// The numbers of people that a record holds.
fn numbers_of(definition: &RecordDefinition, record: &Record) -> Vec<PersonalNumber> {
    let fields = definition.fields.iter().filter(|field| field.is_personal_number());
    let numbers = fields.filter_map(|field| record.values.get(&field.field)?.as_str());
    numbers.filter_map(|text| PersonalNumber::parse(text).ok()).collect()
}

/// Whose these numbers are, each person once.
fn people_among(known: &BTreeMap<PersonalNumber, PersonId>, numbers: &[PersonalNumber]) -> Vec<PersonId> {
    let people: BTreeSet<PersonId> = numbers.iter().filter_map(|number| known.get(number).copied()).collect();
    people.into_iter().collect()
}

/// What people call the register, as every system takes it for the name of a file.
fn stem(definition: &RecordDefinition, locale: render::Locale) -> String {
    let terms = kernel::text::search_terms(definition.words.in_language(locale.tag()));
    let stem: String = terms.join("-").chars().take(LONGEST_STEM).collect();
    let stem = stem.trim_matches('-');
    if stem.is_empty() {
        definition.record.clone()
    } else {
        stem.to_owned()
    }
}

/// The columns that the reader gets, in the order of the declaration.
fn columns(seen: &Seen, wish: &Wish) -> Result<Vec<Column>> {
    let definition = &seen.published.definition;
    let opened = wish.purpose.is_some();
    let sees = |field: &FieldDefinition| match field.is_sealed() {
        true => opened && seen.sight.sealed.contains(&field.field),
        false => seen.sight.plain.contains(&field.field),
    };
    for name in &wish.fields {
        if !definition.field(name).is_some_and(sees) {
            return Err(error::bad_filter(name));
        }
    }
    let mut columns: Vec<Column> = definition
        .fields
        .iter()
        .filter(|field| sees(field) && (wish.fields.is_empty() || wish.fields.contains(&field.field)))
        .map(|field| Column::Field(Box::new(field.clone())))
        .collect();
    if wish.fields.is_empty() {
        columns.extend([Column::ValidFrom, Column::ValidTo]);
    }
    Ok(columns)
}

fn names(columns: &[Column]) -> Vec<&str> {
    columns
        .iter()
        .map(|column| match column {
            Column::Field(field) => field.field.as_str(),
            Column::ValidFrom => "valid_from",
            Column::ValidTo => "valid_to",
        })
        .collect()
}

/// What was asked, for the trail. What a sealed field is compared with is not written down there: the trail is read by others.
fn filters(seen: &Seen, query: &Query) -> Value {
    let definition = &seen.published.definition;
    let each = query.filters.iter().map(|filter| {
        let sealed = definition.field(&filter.field).is_none_or(FieldDefinition::is_sealed);
        let said = match &filter.condition {
            _ if sealed => json!("…"),
            Condition::Equals(all) => json!(all),
            Condition::Between(from, to) => json!({ "from": from, "to": to }),
            Condition::Empty => json!("~"),
        };
        (filter.field.clone(), said)
    });
    let mut filters: serde_json::Map<String, Value> = each.collect();
    if !query.text.is_empty() {
        filters.insert("q".to_owned(), query.text.as_str().into());
    }
    filters.into()
}

impl Export {
    /// The media type.
    pub fn media_type(&self) -> &'static str {
        self.plan.wish.format.media_type()
    }

    /// The file, piece by piece: records are asked for as they are taken, some thousands at a time. An error cuts it off, so that nobody takes a part
    /// for the whole.
    pub fn stream(self, ops: Ops) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let headings = self.plan.headings();
        let format = self.plan.wish.format;
        let begun = Begun {
            ops,
            plan: self.plan,
            after: None,
            ended: false,
        };
        pipe::file(format, headings, stream::try_unfold(begun, Begun::next))
    }
}

/// How far the records were asked for.
struct Begun {
    ops: Ops,
    plan: Arc<Plan>,
    after: Option<After>,
    ended: bool,
}

impl Begun {
    async fn next(mut self) -> Result<Option<(Vec<Vec<Cell>>, Self)>> {
        if self.ended || !self.plan.made {
            return Ok(None);
        }
        let plan = self.plan.clone();
        let mut op = self.ops.look_for(plan.actor.clone(), plan.request).await?;
        let fields: Vec<&FieldDefinition> = plan
            .columns
            .iter()
            .filter_map(|column| match column {
                Column::Field(field) if !field.is_sealed() => Some(field.as_ref()),
                _ => None,
            })
            .collect();
        let asked = (self.after.clone(), PAGE);
        let listed = store::list::page(op.conn(), &plan.definition, &fields, &plan.query, plan.day, asked).await?;
        self.ended = (listed.len() as i64) < PAGE;
        self.after = listed.last().map(|last| last.after.clone());
        let mut records: Vec<Record> = listed.into_iter().map(|listed| listed.record).collect();
        if plan.wish.purpose.is_some() {
            plan.unseal(&mut op, &mut records).await?;
        }
        let links = plan.linked(&mut op, &records).await?;
        drop(op);
        if let Some(purpose) = &plan.wish.purpose {
            // What is taken is written down before it leaves.
            plan.tell(&self.ops, &mut records, purpose).await?;
        }
        let rows = records.iter().map(|record| plan.row(record, &links)).collect();
        Ok(Some((rows, self)))
    }
}

/// What records are named by that links lead to, by register and identifier.
type Linked = HashMap<(String, String), String>;
/// The place of agencies among what links lead to: no register has such a key.
const AGENCIES: &str = "";

impl Plan {
    fn headings(&self) -> Vec<Heading> {
        self.columns
            .iter()
            .map(|column| cells::heading(column, &self.lookup))
            .collect()
    }

    async fn unseal(&self, op: &mut Op, records: &mut [Record]) -> Result<()> {
        let rows: Vec<(Uuid, NaiveDate)> = records.iter().map(|record| (record.id, record.valid_from)).collect();
        let mut sealed = store::file::sealed(op.conn(), self.registry.vault(), &self.definition, &rows).await?;
        for record in records {
            if let Some(values) = sealed.remove(&(record.id, record.valid_from)) {
                record.values.extend(values);
            }
        }
        Ok(())
    }

    /// Writes down whose data is taken (R028). Who has asked that theirs is not used for lists is taken without what is personal.
    async fn tell(&self, ops: &Ops, records: &mut [Record], purpose: &str) -> Result<()> {
        let mut op = ops.open_for(self.actor.clone(), self.request).await?;
        let fields: Vec<&str> = names(&self.columns)
            .into_iter()
            .filter(|name| self.definition.field(name).is_some_and(FieldDefinition::is_sealed))
            .collect();
        // Asked once for all of them: a page has thousands.
        let numbers: Vec<Vec<PersonalNumber>> = records
            .iter()
            .map(|record| numbers_of(&self.definition, record))
            .collect();
        let all: BTreeSet<PersonalNumber> = numbers.iter().flatten().cloned().collect();
        let all: Vec<PersonalNumber> = all.into_iter().collect();
        let known = self.registry.identity().whose_numbers(&mut op, &all).await?;
        let everybody: Vec<PersonId> = known.values().copied().collect();
        let withheld = op.withheld(&everybody, identity::OFFICE_LISTS).await?;
        for (record, numbers) in records.iter_mut().zip(&numbers) {
            let people = people_among(&known, numbers);
            let opened = fields.iter().any(|field| record.values.contains_key(*field));
            if people.iter().any(|person| withheld.contains(person)) {
                let personal = |key: &String| {
                    self.definition
                        .field(key)
                        .is_none_or(|field| field.class >= schema::field::Class::Personal)
                };
                record.values.retain(|key, _| !personal(key));
            }
            let entry = || {
                let facts = json!({ "register": self.definition.record, "fields": fields, "export": self.export });
                Entry::new(
                    "registry.opened",
                    crate::enter::subject(&self.definition.record, record.id),
                )
                .purpose(purpose.trim())
                .detail(facts)
            };
            // Whoever has no account is looked at all the same.
            if people.is_empty() && opened {
                op.record(entry()).await?;
            }
            for person in people {
                op.record(entry().about(Some(person))).await?;
            }
        }
        op.commit().await
    }

    async fn linked(&self, op: &mut Op, records: &[Record]) -> Result<Linked> {
        let mut linked = Linked::new();
        for column in &self.columns {
            let Column::Field(field) = column else { continue };
            let Kind::Link(target) = &field.kind else { continue };
            let mut ids: Vec<Uuid> = records
                .iter()
                .filter_map(|record| record.values.get(&field.field)?.as_str()?.parse().ok())
                .collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() {
                continue;
            }
            match target {
                LinkTarget::Agency => {
                    for id in ids {
                        let agency = self.registry.identity().agency(op, id.into()).await?;
                        let named = match self.wish.words {
                            true => agency.name,
                            false => agency.code.to_string(),
                        };
                        linked.insert((AGENCIES.to_owned(), id.to_string()), named);
                    }
                }
                LinkTarget::Register(register) => {
                    let Some(Named {
                        definition,
                        field: Some(by),
                    }) = self.links.get(register)
                    else {
                        continue;
                    };
                    let named = store::file::keys_of(op.conn(), definition, by, &ids).await?;
                    linked.extend(
                        named
                            .into_iter()
                            .map(|(id, named)| ((register.clone(), id.to_string()), named)),
                    );
                }
            }
        }
        Ok(linked)
    }

    fn row(&self, record: &Record, linked: &Linked) -> Vec<Cell> {
        self.columns
            .iter()
            .map(|column| match column {
                Column::ValidFrom => cells::day(record.valid_from, &self.lookup),
                Column::ValidTo => record.valid_to.map_or(Cell::Empty, |day| cells::day(day, &self.lookup)),
                Column::Field(field) => {
                    let value = record.values.get(&field.field).unwrap_or(&Value::Null);
                    let register = match &field.kind {
                        Kind::Link(LinkTarget::Agency) => Some(AGENCIES),
                        Kind::Link(LinkTarget::Register(register)) => Some(register.as_str()),
                        _ => None,
                    };
                    let named = register
                        .zip(value.as_str())
                        .and_then(|(register, id)| linked.get(&(register.to_owned(), id.to_owned())));
                    match named {
                        Some(named) => Cell::of_text(named),
                        None => cells::cell(field, value, &self.lookup),
                    }
                }
            })
            .collect()
    }
}
