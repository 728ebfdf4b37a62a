//! What values are judged against: the wards of the day, the codes of catalogues, the records to which links lead.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use identity::AgencyFilter;
use kernel::{FieldFault, Result};
use op::Op;
use schema::field::{Broken, FieldKind};
use serde_json::Value;
use uuid::Uuid;

use crate::definition::{FieldDefinition, Kind, LinkTarget, RecordDefinition};
use crate::model::Values;
use crate::model::reading::{self, Ground};
use crate::store::many::Which;
use crate::{Registry, error, store};

/// So many agencies are looked up one by one.
const FEW_AGENCIES: usize = 8;
/// Agencies that are none of today: more are not looked for in one piece.
const MOST_OLD_AGENCIES: usize = 200;

impl Registry {
    /// Everything that a declaration needs to be judged.
    pub(crate) async fn ground(&self, op: &mut Op, definition: &RecordDefinition) -> Result<Ground> {
        let mut ground = Ground {
            now: op.now(),
            ..Ground::default()
        };
        let has_area = definition
            .fields
            .iter()
            .any(|field| matches!(field.kind, Kind::Plain(FieldKind::Area)));
        if has_area {
            for (code, from, to) in self.identity().ward_days(op).await? {
                ground.areas.entry(code).or_default().push((from, to));
            }
            let today = ground.today();
            for province in self.identity().divided_provinces(op, today).await? {
                for ward in self.identity().wards_of(op, &province.code, today).await? {
                    ground
                        .area_names
                        .entry(ward.name.to_lowercase())
                        .and_modify(|known| *known = None)
                        .or_insert_with(|| Some(ward.code.clone()));
                }
            }
        }
        let named: BTreeSet<&str> = definition.fields.iter().filter_map(|field| field.catalogue()).collect();
        for name in named {
            let codes = self.codes(op, name).await?;
            ground.catalogues.insert(name.to_owned(), codes);
        }
        Ok(ground)
    }

    /// The codes of a catalogue today, with their names; none where there is no such catalogue.
    pub async fn codes(&self, op: &mut Op, catalogue: &str) -> Result<HashMap<String, String>> {
        let standing = store::register::get(op.conn(), catalogue).await?;
        let Some(standing) = standing.filter(|own| own.made) else {
            return Ok(HashMap::new());
        };
        let definition = self.definition(op, catalogue, &standing.digest).await?;
        if !definition.catalogue {
            return Ok(HashMap::new());
        }
        let today = kernel::local_date(op.now());
        let codes = store::record::codes(op.conn(), &definition, today).await?;
        Ok(codes.into_iter().collect())
    }

    /// Puts identifiers in the place of what links were named by, for many records at once: an identifier, or the key of the record. A record
    /// that was merged is found where it remains. What leads nowhere is told by place.
    pub(crate) async fn resolve(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        records: &mut [Values],
    ) -> Result<BTreeMap<usize, Vec<FieldFault>>> {
        let mut faults: BTreeMap<usize, Vec<FieldFault>> = BTreeMap::new();
        for field in &definition.fields {
            let Kind::Link(target) = &field.kind else { continue };
            let wanted: HashSet<String> = records
                .iter()
                .filter_map(|values| values.get(&field.field)?.as_str().map(str::to_owned))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let found = match target {
                LinkTarget::Agency => self.agencies(op, &wanted).await?,
                LinkTarget::Register(register) => self.records(op, register, &wanted).await?,
            };
            for (place, values) in records.iter_mut().enumerate() {
                let Some(named) = values.get(&field.field).and_then(Value::as_str) else {
                    continue;
                };
                match found.get(named) {
                    Some(id) => {
                        values.insert(field.field.clone(), id.to_string().into());
                    }
                    None => faults
                        .entry(place)
                        .or_default()
                        .push(reading::fault(&field.field, Broken::new("link"))),
                }
            }
        }
        Ok(faults)
    }

    async fn agencies(&self, op: &mut Op, wanted: &HashSet<String>) -> Result<HashMap<String, Uuid>> {
        let mut found = HashMap::new();
        // Many are looked for among those of today; the few that are none of these one by one: codes of old papers.
        if wanted.len() > FEW_AGENCIES {
            for agency in self.identity().agencies(op, &AgencyFilter::default()).await? {
                for named in [agency.id.uuid().to_string(), agency.code.to_string()] {
                    if wanted.contains(&named) {
                        found.insert(named, agency.id.uuid());
                    }
                }
            }
        }
        let others: Vec<&String> = wanted.iter().filter(|named| !found.contains_key(*named)).collect();
        for named in others.into_iter().take(MOST_OLD_AGENCIES) {
            let agency = match Uuid::parse_str(named) {
                Ok(id) => self.identity().agency(op, id.into()).await,
                Err(_) => self.identity().agency_by_code(op, named).await,
            };
            match agency {
                Ok(agency) => {
                    found.insert(named.clone(), agency.id.uuid());
                }
                Err(fault) if fault.kind == kernel::FaultKind::NotFound => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(found)
    }

    /// Records of a register by identifier or key, as far as whoever acts sees something of it: a link tells nobody what they could not look up.
    pub(crate) async fn records(
        &self,
        op: &mut Op,
        register: &str,
        wanted: &HashSet<String>,
    ) -> Result<HashMap<String, Uuid>> {
        let standing = store::register::get(op.conn(), register).await?;
        let Some(standing) = standing.filter(|own| own.made) else {
            return Ok(HashMap::new());
        };
        let definition = self.definition(op, register, &standing.digest).await?;
        let sight = self.seen(op, register).await?.sight;
        if sight.plain.is_empty() {
            return Ok(HashMap::new());
        }
        let (ids, keys): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|named| Uuid::parse_str(named).is_ok());
        let today = kernel::local_date(op.now());
        let secret = |key: &String| definition.field(key).is_some_and(FieldDefinition::is_sealed);
        let opens = definition
            .key
            .iter()
            .all(|key| !secret(key) || sight.sealed.contains(key));
        let mut found = match opens {
            true => self.keyed(op, &definition, &keys, today).await?,
            false => HashMap::new(),
        };
        let ids: HashMap<&String, Uuid> = ids
            .into_iter()
            .filter_map(|named| Some((named, Uuid::parse_str(named).ok()?)))
            .collect();
        let all: Vec<Uuid> = ids.values().copied().collect();
        let led = store::register::remaining_of(op.conn(), register, &all).await?;
        let remaining: HashMap<String, Uuid> = ids
            .into_iter()
            .map(|(named, id)| (named.clone(), led.get(&id).copied().unwrap_or(id)))
            .collect();
        let there: HashSet<Uuid> = store::record::there(
            op.conn(),
            &definition,
            &remaining.values().copied().collect::<Vec<_>>(),
            today,
        )
        .await?
        .into_iter()
        .collect();
        found.extend(remaining.into_iter().filter(|(_, id)| there.contains(id)));
        Ok(found)
    }

    /// The records of a register whose key is one field, by what names them: those that go on, else what holds on a day.
    async fn keyed(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        named: &[&String],
        day: NaiveDate,
    ) -> Result<HashMap<String, Uuid>> {
        let [field] = definition.key.as_slice() else {
            return Ok(HashMap::new());
        };
        let field = definition.field(field).ok_or_else(|| error::broken_row("key"))?;
        // As the key is kept: what cannot be one is found nowhere. Lists are not asked whether they still hold it.
        let ground = Ground {
            now: op.now(),
            ..Ground::default()
        };
        let by_list = matches!(field.kind, Kind::Plain(FieldKind::Area)) || field.catalogue().is_some();
        let read = |named: &str| match by_list {
            true => Some(named.to_owned()),
            false => {
                let value = reading::read_one(field, &Value::from(named), &ground, day).ok()??;
                Some(store::record::whole(&value))
            }
        };
        let keys: Vec<(&String, [String; 1])> = named
            .iter()
            .filter_map(|named| Some((*named, [read(named)?])))
            .collect();
        let asked: Vec<&[String]> = keys.iter().map(|(_, key)| key.as_slice()).collect();
        let days = vec![(day, Some(day)); asked.len()];
        let mut known = store::many::by_keys(op.conn(), self.vault(), definition, &asked, Which::Ending(&days)).await?;
        known.extend(store::many::by_keys(op.conn(), self.vault(), definition, &asked, Which::GoingOn).await?);
        Ok(keys
            .into_iter()
            .filter_map(|(named, key)| Some((named.clone(), *known.get(key.as_slice())?)))
            .collect())
    }
}
