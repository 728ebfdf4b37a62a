//! What codes and identifiers in records mean: names of wards and agencies, words of catalogues, titles of other records, files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::files::FileView;
use identity::Area;
use kernel::{AgencyId, FileId, Result, local_date};
use op::Op;
use registry::definition::{Kind, LinkTarget, RecordDefinition};
use registry::{Values, held};
use schema::field::FieldKind;
use serde_json::Value;
use uuid::Uuid;
use web::Visit;

use super::known;
use crate::House;

/// An agency that records name.
pub(super) struct NamedAgency {
    pub name: String,
    pub code: String,
}

/// Of what files are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilesOf {
    /// None: they are not looked at.
    Nothing,
    /// Records.
    Records,
    /// A proposal, and the record that it is about.
    Proposal(Uuid),
}

impl FilesOf {
    /// Whether a file belongs there: naming it in a record tells nobody what a file of something else is called.
    fn has(self, view: &FileView, register: &str, field: &str) -> bool {
        let of_record = held::is_of_field(&view.holder, register, field);
        match self {
            Self::Nothing => false,
            Self::Records => of_record,
            Self::Proposal(id) => of_record || view.holder == held::proposal_holder(id),
        }
    }
}

/// What the values of some records mean to whoever reads them.
#[derive(Default)]
pub(super) struct Lookups {
    /// Wards by code, with the district.
    pub wards: BTreeMap<String, String>,
    /// Catalogues by key, their words by code.
    pub catalogues: BTreeMap<String, HashMap<String, String>>,
    /// Records by the register and their identifier, as far as they may be read.
    pub titles: BTreeMap<String, BTreeMap<Uuid, String>>,
    /// Agencies by identifier.
    pub agencies: BTreeMap<Uuid, NamedAgency>,
    /// Files by identifier.
    pub files: BTreeMap<Uuid, FileView>,
}

impl Lookups {
    /// What these records name.
    pub async fn of(
        visit: &Visit<House>,
        op: &mut Op,
        definition: &RecordDefinition,
        records: &[&Values],
        files: FilesOf,
    ) -> Result<Self> {
        let mut found = Self::default();
        for field in &definition.fields {
            let values: Vec<&Value> = records.iter().filter_map(|values| values.get(&field.field)).collect();
            if values.is_empty() {
                continue;
            }
            match &field.kind {
                Kind::Plain(FieldKind::Area) => found.add_wards(visit, op, &values).await?,
                Kind::Link(LinkTarget::Agency) => found.add_agencies(visit, op, &values).await?,
                Kind::Link(LinkTarget::Register(register)) => {
                    let ids =
                        ids(&values).filter(|id| !found.titles.get(register).is_some_and(|own| own.contains_key(id)));
                    let ids: Vec<Uuid> = ids.collect();
                    let named = known(visit.state.registry.names(op, register, &ids).await)?;
                    let titles = found.titles.entry(register.clone()).or_default();
                    titles.extend(named.unwrap_or_default());
                }
                Kind::File { .. } if files != FilesOf::Nothing => {
                    let lists = values.iter().filter_map(|value| value.as_array());
                    let ids: Vec<Uuid> = ids(&lists.flatten().collect::<Vec<_>>()).collect();
                    for id in ids {
                        let view = known(visit.state.files.get(op, FileId::from(id)).await)?;
                        let own = view.filter(|view| files.has(view, &definition.record, &field.field));
                        found.files.extend(own.map(|view| (id, view)));
                    }
                }
                _ => {}
            }
            if let Some(catalogue) = field.catalogue() {
                found.add_catalogue(visit, op, catalogue).await?;
            }
        }
        Ok(found)
    }

    /// The codes of a catalogue with their names.
    pub async fn add_catalogue(&mut self, visit: &Visit<House>, op: &mut Op, catalogue: &str) -> Result<()> {
        if !self.catalogues.contains_key(catalogue) {
            let codes = visit.state.registry.codes(op, catalogue).await?;
            self.catalogues.insert(catalogue.to_owned(), codes);
        }
        Ok(())
    }

    async fn add_wards(&mut self, visit: &Visit<House>, op: &mut Op, values: &[&Value]) -> Result<()> {
        let identity = &visit.state.identity;
        let today = local_date(op.now());
        if self.wards.is_empty() {
            for province in identity.divided_provinces(op, today).await? {
                let districts = identity.areas(op, Some(&province.code), today).await?;
                for ward in identity.wards_of(op, &province.code, today).await? {
                    let above = ward.parent.as_deref();
                    let district = districts.iter().find(|area| Some(area.code.as_str()) == above);
                    self.wards.insert(ward.code.clone(), place_name(&ward, district));
                }
            }
        }
        // Wards that are no more keep the name that they had.
        let codes: BTreeSet<&str> = values.iter().filter_map(|value| value.as_str()).collect();
        for code in codes {
            if !self.wards.contains_key(code)
                && let Some(line) = known(identity.area_lineage(op, code, today).await)?
            {
                self.wards
                    .insert(code.to_owned(), place_name(&line.area, line.path.get(1)));
            }
        }
        Ok(())
    }

    async fn add_agencies(&mut self, visit: &Visit<House>, op: &mut Op, values: &[&Value]) -> Result<()> {
        let ids: BTreeSet<Uuid> = ids(values).filter(|id| !self.agencies.contains_key(id)).collect();
        for id in ids {
            if let Some(agency) = known(visit.state.identity.agency(op, AgencyId::from(id)).await)? {
                let named = NamedAgency {
                    name: agency.name,
                    code: agency.code.to_string(),
                };
                self.agencies.insert(id, named);
            }
        }
        Ok(())
    }
}

fn ids<'v>(values: &'v [&'v Value]) -> impl Iterator<Item = Uuid> + 'v {
    values.iter().filter_map(|value| Uuid::parse_str(value.as_str()?).ok())
}

/// Many wards are called the same: the district stands beside it.
pub(super) fn place_name(ward: &Area, district: Option<&Area>) -> String {
    match district {
        Some(district) => format!("{}, {}", ward.name, district.name),
        None => ward.name.clone(),
    }
}
