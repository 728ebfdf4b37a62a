//! Registers as they are in force, and how whoever acts stands to them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use db::Name;
use identity::{Agency, AgencyLevel};
use kernel::{AgencyId, Result};
use op::Op;
use serde_json::Value;

use crate::access::{self, Desk, Sight, Standing};
use crate::definition::{Level, Readers, RecordDefinition};
use crate::model::Record;
use crate::{Registry, error, store};

/// A register in force.
#[derive(Debug, Clone)]
pub struct Published {
    /// What is declared.
    pub definition: Arc<RecordDefinition>,
    /// The system that declares it.
    pub app: String,
    /// SHA-256 of the declaration, as hex.
    pub digest: String,
    /// The agency that answers for it.
    pub owner: AgencyId,
    /// The agencies that the declaration names, by its codes.
    pub agencies: BTreeMap<String, AgencyId>,
    /// Since when this declaration is in force.
    pub published_at: DateTime<Utc>,
    /// Whether it has had a record: before, there is no table to ask.
    pub made: bool,
}

/// The column of the ward, and the wards whose records are read.
pub(crate) type Within = (Name, Vec<String>);

/// A register with what the actor sees of it.
pub(crate) struct Seen {
    pub published: Published,
    pub standing: Standing,
    pub sight: Sight,
    /// Whose records the actor reads, where a register is shown to its owner and to those who enter: each of these enters, and reads, what lies in
    /// its own area.
    pub within: Option<Within>,
    /// Whether the declaration shares something with the agency.
    pub shared: bool,
}

impl Seen {
    /// Whether a record lies where the actor reads at all.
    pub fn reaches(&self, record: &Record) -> bool {
        let Some((place, wards)) = &self.within else {
            return true;
        };
        let ward = record.values.get(place.as_str()).and_then(Value::as_str);
        ward.is_some_and(|ward| wards.iter().any(|own| own == ward))
    }
}

impl Registry {
    /// A register in force.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn register(&self, op: &mut Op, register: &str) -> Result<Published> {
        let standing = store::register::get(op.conn(), register)
            .await?
            .ok_or_else(|| error::not_found(register))?;
        let definition = self.definition(op, register, &standing.digest).await?;
        Ok(Published {
            definition,
            app: standing.app,
            digest: standing.digest,
            owner: standing.owner,
            agencies: standing.agencies,
            published_at: standing.published_at,
            made: standing.made,
        })
    }

    /// All registers in force, in Vietnamese order.
    pub async fn registers(&self, op: &mut Op) -> Result<Vec<Published>> {
        op.allow("registry.list", "registers", access::list()).await?;
        let mut all = Vec::new();
        for (register, standing) in store::register::all(op.conn()).await? {
            let definition = self.definition(op, &register, &standing.digest).await?;
            all.push(Published {
                definition,
                app: standing.app,
                digest: standing.digest,
                owner: standing.owner,
                agencies: standing.agencies,
                published_at: standing.published_at,
                made: standing.made,
            });
        }
        Ok(all)
    }

    /// How many records a register has: counted to some thousands, estimated beyond.
    pub async fn size(&self, op: &mut Op, published: &Published) -> Result<i64> {
        op.allow("registry.list", "registers", access::list()).await?;
        match published.made {
            true => store::table::count(op.conn(), &published.definition).await,
            false => Ok(0),
        }
    }

    /// A published declaration, parsed once in this program: what has a digest never changes.
    pub(crate) async fn definition(&self, op: &mut Op, register: &str, digest: &str) -> Result<Arc<RecordDefinition>> {
        let key = (register.to_owned(), digest.to_owned());
        let known = self
            .cache()
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = store::register::definition(op.conn(), register, digest)
            .await?
            .ok_or_else(|| error::broken_row("definition"))?;
        let read = Arc::new(read);
        self.cache()
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, read.clone());
        Ok(read)
    }

    /// The register and what the actor sees of it.
    pub(crate) async fn seen(&self, op: &mut Op, register: &str) -> Result<Seen> {
        let published = self.register(op, register).await?;
        let desk = self.desk(op).await?;
        let mut seen = self.seen_from(op, published, desk);
        seen.within = self.within(op, &seen, desk).await?;
        Ok(seen)
    }

    async fn within(&self, op: &mut Op, seen: &Seen, desk: Option<Desk>) -> Result<Option<Within>> {
        let definition = &seen.published.definition;
        let narrow = seen.standing == Standing::Enters && definition.readers == Readers::Owner && !seen.shared;
        let (true, Some(desk), Some(place)) = (narrow, desk, &definition.place) else {
            return Ok(None);
        };
        // The area of an agency of the province is all of it.
        if desk.level == Level::Province {
            return Ok(None);
        }
        let mut wards = Vec::new();
        if let Some(own) = self.identity().agency(op, desk.agency).await?.area_code {
            let today = kernel::local_date(op.now());
            let below = self.identity().wards_of(op, &own, today).await?;
            wards.extend(below.into_iter().map(|ward| ward.code).chain([own]));
        }
        Ok(Some((Name::new(place.clone())?, wards)))
    }

    /// The register as whoever acts may know of it: fields that they do not see are not there, so that nothing that is asked tells them from names that
    /// nobody has declared.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn narrowed(&self, op: &mut Op, register: &str) -> Result<Published> {
        let Seen {
            mut published, sight, ..
        } = self.seen(op, register).await?;
        let mut definition = RecordDefinition::clone(&published.definition);
        definition
            .fields
            .retain(|field| sight.plain.contains(&field.field) || sight.sealed.contains(&field.field));
        published.definition = Arc::new(definition);
        Ok(published)
    }

    /// The same of a register that is known, from a desk.
    pub(crate) fn seen_from(&self, op: &Op, published: Published, desk: Option<Desk>) -> Seen {
        let standing = match self.application() {
            Some(_) => access::standing_at(&published.definition, published.owner, desk),
            None => access::standing(op.rights(), &published.definition, published.owner, desk),
        };
        // Agencies that end are followed by those that take their place: what is kept here is moved with them.
        let named = |code: &String| desk.is_some_and(|desk| published.agencies.get(code) == Some(&desk.agency));
        let all = published.definition.shared.iter().enumerate();
        let shares: Vec<usize> = all
            .filter(|(_, share)| share.with.iter().any(named))
            .map(|(place, _)| place)
            .collect();
        let sight = access::sight(&published.definition, standing, &shares);
        Seen {
            published,
            standing,
            sight,
            within: None,
            shared: !shares.is_empty(),
        }
    }

    /// Agencies end and others take their place: the one that answers today.
    pub(crate) async fn home(
        &self,
        op: &mut Op,
        agency: AgencyId,
        homes: &mut BTreeMap<AgencyId, Agency>,
    ) -> Result<Agency> {
        if let Some(home) = homes.get(&agency) {
            return Ok(home.clone());
        }
        let home = self.identity().agency_in_charge(op, agency).await?;
        homes.insert(agency, home.clone());
        Ok(home)
    }

    /// Where an official stands, or an application.
    pub(crate) async fn desk(&self, op: &mut Op) -> Result<Option<Desk>> {
        let agency = match self.application() {
            Some(application) => application.agency,
            None => op.actor().agency(),
        };
        let Some(agency) = agency else {
            return Ok(None);
        };
        let level = match self.identity().agency(op, agency).await?.level {
            AgencyLevel::Province | AgencyLevel::Department => Level::Province,
            AgencyLevel::District => Level::District,
            AgencyLevel::Commune => Level::Commune,
        };
        Ok(Some(Desk { agency, level }))
    }
}
