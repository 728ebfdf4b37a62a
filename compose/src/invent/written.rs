//! Invented records in a real database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::{Config, Hashing, Identity, SecondFactorRule};
use kernel::{Actor, AgencyId, Clock};
use registry::{Given, Query, Record, Registry};
use serde_json::Value;
use testkit::Scratch;
use vault::Vault;

use super::declared::{self, Declared};
use super::{Done, Fill, Order};
use crate::apps::Sources;
use crate::province::tables::{self, OrganisationRow};

/// So many records of a register.
const FEW: usize = 40;
const PLATFORM: Actor = Actor::System("compose");

struct Town {
    scratch: Scratch,
    identity: Identity,
    registry: Registry,
    sources: Sources,
}

impl Town {
    /// A province without registers.
    async fn new(demo: bool) -> Self {
        let scratch = Scratch::new(crate::MIGRATIONS).await;
        let config = Config {
            hashing: Hashing {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
                at_once: 2,
            },
            second_factor: SecondFactorRule::Offered,
            policy: crate::rights::policy().unwrap(),
            ..Config::default()
        };
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let identity = Identity::new(scratch.pool.clone(), clock, vault, config).unwrap();
        crate::province::load(&scratch.ops, &identity, demo, &|_, _, _| {})
            .await
            .unwrap();
        Self {
            registry: Registry::new(identity.clone()),
            scratch,
            identity,
            sources: Sources::embedded(),
        }
    }

    /// Publishes these registers, with the records that some bring along.
    async fn publish(&self, registers: &BTreeSet<&str>) {
        let agencies = self.agencies().await;
        for Declared { definition, own } in declared::read(&self.sources).unwrap() {
            if !registers.contains(definition.record.as_str()) {
                continue;
            }
            let mut op = self.scratch.ops.open(PLATFORM).await.unwrap();
            self.registry
                .publish(&mut op, "test", &definition, &agencies)
                .await
                .unwrap();
            let rows = own.unwrap_or_default().into_iter().zip(1..).map(|(row, number)| Given {
                number,
                fields: row
                    .into_iter()
                    .map(|(field, cell)| (field, Value::from(cell)))
                    .collect(),
                ..Given::default()
            });
            let taken = self
                .registry
                .take_over(&mut op, &definition.record, rows.collect(), registry::Keep::Sealed)
                .await
                .unwrap();
            assert_eq!(taken.bad, [], "{}", definition.record);
            op.commit().await.unwrap();
        }
    }

    async fn agencies(&self) -> BTreeMap<String, AgencyId> {
        let mut op = self.scratch.ops.open(PLATFORM).await.unwrap();
        let committee = self.identity.agency_by_code(&mut op, "H30").await.unwrap().id;
        let mut agencies = BTreeMap::new();
        for row in tables::csv::<OrganisationRow>("hau-giang/organisations.csv").unwrap() {
            let own = match row.agency_code.as_str() {
                // Offices of ministries have no identifier in the tables of the province.
                "" => committee,
                code => self.identity.agency_by_code(&mut op, code).await.unwrap().id,
            };
            agencies.insert(row.code, own);
        }
        agencies
    }

    async fn fill(&self, order: &Order) -> kernel::Result<Vec<Done>> {
        let mut fill = Fill::new(&self.scratch.ops, self.identity.clone());
        fill.run(&self.sources, order, &|_, _, _| true).await
    }

    async fn list(&self, register: &str) -> Vec<Record> {
        let look = self.scratch.ops.look_for(PLATFORM, uuid::Uuid::now_v7());
        let mut op = look.await.unwrap();
        let published = self.registry.register(&mut op, register).await.unwrap();
        let (query, _) = Query::read(&published.definition, &[]).unwrap();
        let page = db::PageRequest::new(None, Some(db::PageRequest::MOST));
        let listing = self.registry.list(&mut op, register, &query, &page).await.unwrap();
        listing.page.items
    }
}

fn order() -> Order {
    Order {
        scale: 1,
        registers: vec!["student".to_owned(), "poor_household".to_owned()],
        most: Some(FEW),
        ..Order::default()
    }
}

/// shows: R246
#[tokio::test]
async fn registers_that_lead_to_each_other_are_filled_once_and_can_be_listed() {
    let town = Town::new(true).await;
    let filled = BTreeSet::from([
        "official",
        "organisation_unit",
        "job_position",
        "school",
        "school_class",
        "school_staff",
        "student",
        "household",
        "poor_household",
    ]);
    let catalogues = ["education_level", "ethnic_group", "religion"];
    town.publish(&filled.iter().copied().chain(catalogues).collect()).await;
    // A first run got as far as this.
    let first = Order {
        registers: vec!["household".to_owned()],
        ..order()
    };
    assert_eq!(town.fill(&first).await.unwrap().len(), 1);
    let done = town.fill(&order()).await.unwrap();
    assert_eq!(
        done.iter().map(|one| one.register.as_str()).collect::<BTreeSet<_>>(),
        filled
    );
    for one in &done {
        assert!(one.refused.is_empty() && one.left.is_empty(), "{one:?}");
        let there = if one.register == "household" {
            one.unchanged
        } else {
            one.created
        };
        assert_eq!(there, one.made as u64, "{one:?}");
    }
    let students = town.list("student").await;
    assert_eq!(students.len(), FEW);
    // A class is found by its school, year and name: links lead to it by identifier.
    let classes: BTreeMap<String, Record> = (town.list("school_class").await.into_iter())
        .map(|record| (record.id.to_string(), record))
        .collect();
    let schools: BTreeSet<String> = town
        .list("school")
        .await
        .into_iter()
        .map(|record| record.id.to_string())
        .collect();
    let mut in_class = 0;
    for student in &students {
        assert!(schools.contains(student.values["school"].as_str().unwrap()));
        if let Some(class) = student.values.get("class").and_then(Value::as_str) {
            assert_eq!(classes[class].values["school"], student.values["school"]);
            in_class += 1;
        }
    }
    assert!(in_class > 3, "{in_class}");
    // The poor household is that of the register of households, with the same head.
    let households: BTreeMap<String, Record> = (town.list("household").await.into_iter())
        .map(|record| (record.id.to_string(), record))
        .collect();
    let poor = town.list("poor_household").await;
    assert!(!poor.is_empty());
    for one in poor {
        let household = &households[one.values["household"].as_str().unwrap()];
        assert_eq!(one.values["head_name"], household.values["head_name"]);
        assert_eq!(one.values["ward"], household.values["ward"]);
    }

    // Again, months later: nothing changes.
    town.scratch.clock.advance(chrono::TimeDelta::days(100));
    let again = town.fill(&order()).await.unwrap();
    for one in &again {
        assert_eq!((one.created, one.changed), (0, 0), "{one:?}");
        assert_eq!(one.unchanged, one.made as u64, "{one:?}");
    }
    // And with another seed nothing is mixed.
    let other = Order {
        seed: Some(1),
        ..order()
    };
    assert_eq!(town.fill(&other).await.unwrap_err().code, "compose.other_seed");
    let unknown = Order {
        registers: vec!["religion".to_owned()],
        ..order()
    };
    assert_eq!(town.fill(&unknown).await.unwrap_err().code, "compose.register_unknown");
    let endless = Order { scale: 101, ..order() };
    assert_eq!(town.fill(&endless).await.unwrap_err().code, "compose.scale");
}

/// shows: R246
#[tokio::test]
async fn a_demonstration_begins_with_a_few_records_of_each_register_once() {
    let mut town = Town::new(true).await;
    let all = BTreeSet::from([
        "official",
        "organisation_unit",
        "job_position",
        "education_level",
        "ethnic_group",
        "religion",
    ]);
    for files in town.sources.apps.values_mut() {
        files.retain(|file, _| {
            let name = file.strip_prefix("registry/").and_then(|name| name.split_once('.'));
            name.is_none_or(|(name, _)| all.contains(name))
        });
    }
    town.publish(&all).await;
    let mut fill = Fill::new(&town.scratch.ops, town.identity.clone());
    // Somebody ends the program after the first register; the next start goes on.
    assert!(fill.demonstrate(&town.sources, &|_, _, _| false).await.unwrap());
    assert!(town.list("official").await.is_empty());
    drop(fill);
    let mut fill = Fill::new(&town.scratch.ops, town.identity.clone());
    assert!(fill.demonstrate(&town.sources, &|_, _, _| true).await.unwrap());
    let officials = town.list("official").await;
    assert!((1..=FEW).contains(&officials.len()));
    assert!(!fill.demonstrate(&town.sources, &|_, _, _| true).await.unwrap());
    // More come by the command; those who are there stay as they are.
    let more = Order {
        registers: vec!["official".to_owned()],
        most: Some(2 * FEW),
        ..order()
    };
    let done = fill.run(&town.sources, &more, &|_, _, _| true).await.unwrap();
    assert!(
        done.iter().all(|one| one.refused.is_empty() && one.changed == 0),
        "{done:?}"
    );
    let own = done.iter().find(|one| one.register == "official").unwrap();
    assert_eq!(own.unchanged, officials.len() as u64);
    assert!(own.created > 0 && town.list("official").await.len() > officials.len());
}

#[tokio::test]
async fn nothing_is_invented_where_people_are_real() {
    let town = Town::new(false).await;
    let mut fill = Fill::new(&town.scratch.ops, town.identity.clone());
    assert!(!fill.demonstrate(&town.sources, &|_, _, _| true).await.unwrap());
    assert_eq!(town.fill(&order()).await.unwrap_err().code, "compose.no_demonstration");
}
