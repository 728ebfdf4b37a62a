//! What values are judged against: the wards of the day, the codes of catalogues, the records to which links lead.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::{FieldFault, Result};
use op::Op;
use schema::field::{Broken, FieldKind};
use serde_json::Value;
use uuid::Uuid;

use crate::definition::{Kind, LinkTarget, RecordDefinition};
use crate::model::Values;
use crate::model::reading::{self, Ground};
use crate::{Registry, store};

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
        for named in wanted {
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
        let (ids, keys): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|named| Uuid::parse_str(named).is_ok());
        let keys: Vec<String> = keys.into_iter().cloned().collect();
        let mut found = store::record::by_key(op.conn(), self.vault(), &definition, &keys).await?;
        let today = kernel::local_date(op.now());
        let mut remaining = HashMap::new();
        for named in ids {
            if let Ok(id) = Uuid::parse_str(named) {
                let id = store::register::remaining(op.conn(), register, id).await?;
                remaining.insert(named.clone(), id);
            }
        }
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
}
