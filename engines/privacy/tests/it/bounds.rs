//! Granted restrictions and objections are heeded: engines ask before everything that serving people does not need.

use std::collections::BTreeSet;

use kernel::{Actor, PersonId};
use notify::Message;
use privacy::{Kind, NewRequest, Outcome, Verdict};
use uuid::Uuid;

use crate::town::Town;

impl Town {
    async fn object(&self, actor: &Actor, purposes: &[&str]) -> kernel::Result<Uuid> {
        let new = NewRequest {
            kind: Kind::Object,
            details: "Không muốn.".into(),
            wishes: Vec::new(),
            purposes: purposes.iter().map(|one| (*one).to_owned()).collect(),
        };
        let mut op = self.op(actor).await;
        let id = self.privacy.ask(&mut op, new).await?;
        op.commit().await?;
        Ok(id)
    }

    async fn answer(
        &self,
        officer: &Actor,
        id: Uuid,
        outcome: Outcome,
        purposes: &[&str],
    ) -> kernel::Result<Vec<String>> {
        let verdict = Verdict {
            outcome,
            answer: "Đã làm.".into(),
            ground: "Điều 5".into(),
            fields: Vec::new(),
            purposes: purposes.iter().map(|one| (*one).to_owned()).collect(),
        };
        let mut op = self.op(officer).await;
        let done = self.privacy.answer(&mut op, id, verdict).await?;
        op.commit().await?;
        Ok(done.bound)
    }

    /// For which of the purposes the person's data is withheld.
    async fn withheld(&self, actor: &Actor) -> BTreeSet<&'static str> {
        let person = actor.person().unwrap();
        let mut withheld = BTreeSet::new();
        for purpose in [
            "public_service",
            "office_lists",
            "statistics",
            "reminders",
            "improvement",
            "unheard_of",
        ] {
            let mut op = self.op(&Actor::System("test")).await;
            if !op.withheld(&[person], purpose).await.unwrap().is_empty() {
                withheld.insert(purpose);
            }
        }
        withheld
    }

    async fn lift(&self, actor: &Actor, id: Uuid) -> kernel::Result<()> {
        let mut op = self.op(actor).await;
        self.privacy.lift(&mut op, id).await?;
        op.commit().await
    }
}

const UNASKED: [&str; 3] = ["improvement", "reminders", "unheard_of"];

// shows: R028
#[tokio::test]
async fn a_granted_restriction_stops_everything_but_serving_the_person_until_it_is_lifted() {
    let town = Town::new().await;
    let (sen, other, officer) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.citizen("Trần Văn Bưởi", "buoi.tran").await,
        town.officer("Phạm Thị Gấm", "gam").await,
    );
    assert_eq!(town.withheld(&sen).await, BTreeSet::from(UNASKED), "without consent");
    let id = town.ask(&sen, Kind::Restrict).await;
    assert_eq!(
        town.withheld(&sen).await,
        BTreeSet::from(UNASKED),
        "asked is not granted"
    );
    assert_eq!(town.answer(&officer, id, Outcome::Granted, &[]).await.unwrap(), [""]);
    let all = BTreeSet::from(["improvement", "office_lists", "reminders", "statistics", "unheard_of"]);
    assert_eq!(town.withheld(&sen).await, all);
    assert_eq!(town.withheld(&other).await, BTreeSet::from(UNASKED), "nobody else's");
    let restricted = async |who: &Actor| {
        let mut op = town.op(&officer).await;
        op.is_restricted(who.person().unwrap()).await.unwrap()
    };
    assert!(restricted(&sen).await && !restricted(&other).await);
    let seen = town.see(&sen, id).await;
    assert_eq!((seen.bounds.len(), seen.bounds[0].purpose.as_deref()), (1, None));

    // Only the person takes it back, at any time; a second time nothing happens.
    for somebody in [&other, &officer] {
        assert_eq!(town.lift(somebody, id).await.unwrap_err().code, "privacy.not_found");
    }
    town.lift(&sen, id).await.unwrap();
    town.lift(&sen, id).await.unwrap();
    assert_eq!(town.withheld(&sen).await, BTreeSet::from(UNASKED));
    assert!(!restricted(&sen).await);
    let seen = town.see(&sen, id).await;
    assert!(seen.bounds[0].ended_at.is_some());
    let lifted = seen.lines.iter().filter(|line| line.action == "lifted").count();
    assert_eq!(lifted, 1);
    assert!(town.told(&officer).await.contains(&"privacy_lifted".to_owned()));
}

// shows: R028
#[tokio::test]
async fn an_objection_stops_the_purposes_that_it_names_and_no_other() {
    let town = Town::new().await;
    let (sen, officer) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.officer("Phạm Thị Gấm", "gam").await,
    );
    for unfit in ["public_service", "unheard_of"] {
        let fault = town.object(&sen, &[unfit]).await.unwrap_err();
        assert_eq!(fault.code, "privacy.purpose_not_found", "{unfit}");
    }
    let id = town
        .object(&sen, &["statistics", "office_lists", "statistics"])
        .await
        .unwrap();
    assert_eq!(
        town.see(&sen, id).await.request.purposes,
        ["office_lists", "statistics"]
    );
    // In part: what is granted is named, and was asked for.
    for unfit in [&[][..], &["reminders"]] {
        let fault = town.answer(&officer, id, Outcome::Partly, unfit).await.unwrap_err();
        assert_eq!(fault.fields[0].field, "purposes");
    }
    let granted = town
        .answer(&officer, id, Outcome::Partly, &["statistics", "reminders"])
        .await;
    assert_eq!(granted.unwrap(), ["statistics"]);
    let with = |more: &'static str| UNASKED.into_iter().chain([more]).collect::<BTreeSet<_>>();
    assert_eq!(town.withheld(&sen).await, with("statistics"));
    // Another one stands beside it and is lifted by itself; a refused one stops nothing.
    let second = town.object(&sen, &[]).await.unwrap();
    let granted = town.answer(&officer, second, Outcome::Granted, &[]).await.unwrap();
    assert_eq!(granted, ["office_lists", "statistics", "reminders", "improvement"]);
    town.lift(&sen, second).await.unwrap();
    assert_eq!(town.withheld(&sen).await, with("statistics"));
    let third = town.object(&sen, &["office_lists"]).await.unwrap();
    assert_eq!(
        town.answer(&officer, third, Outcome::Refused, &["office_lists"])
            .await
            .unwrap(),
        [""; 0]
    );
    assert_eq!(town.withheld(&sen).await, with("statistics"));
}

// shows: R028
#[tokio::test]
async fn what_is_not_about_a_case_reaches_those_alone_who_allow_it() {
    let town = Town::new().await;
    let (sen, officer) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.officer("Phạm Thị Gấm", "gam").await,
    );
    let send = async |purpose: Option<&'static str>| {
        let mut op = town.op(&Actor::System("test")).await;
        let message = Message::new(sen.account().unwrap(), "result_ready", "/hop-thu");
        let message = match purpose {
            Some(purpose) => message.for_purpose(purpose),
            None => message,
        };
        let sent = town.notify.send(&mut op, message).await.unwrap();
        op.commit().await.unwrap();
        sent.is_some()
    };
    assert!(!send(Some("reminders")).await, "nobody has asked yet");
    let mut op = town.op(&sen).await;
    town.privacy
        .give_consent(&mut op, "reminders", 1, render::Locale::Vi)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(send(Some("reminders")).await);
    let id = town.ask(&sen, Kind::Restrict).await;
    town.answer(&officer, id, Outcome::Granted, &[]).await.unwrap();
    assert!(!send(Some("reminders")).await, "consented, and restricted since");
    assert!(
        send(Some("public_service")).await && send(None).await,
        "what a case needs goes on"
    );
    town.lift(&sen, id).await.unwrap();
    assert!(send(Some("reminders")).await);
    let mut op = town.op(&Actor::System("test")).await;
    let nobody = kernel::AccountId::new();
    assert!(!op.may_write_to(nobody, "reminders").await.unwrap());
    assert!(op.withheld(&[PersonId::new()], "statistics").await.unwrap().is_empty());
}

// shows: R028
#[tokio::test]
async fn what_was_granted_before_the_platform_heeded_it_is_heeded() {
    let town = Town::new().await;
    let (sen, other, officer) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.citizen("Trần Văn Bưởi", "buoi.tran").await,
        town.officer("Phạm Thị Gấm", "gam").await,
    );
    let id = town.object(&sen, &[]).await.unwrap();
    town.answer(&officer, id, Outcome::Granted, &[]).await.unwrap();
    let lifted = town.object(&other, &["statistics"]).await.unwrap();
    town.answer(&officer, lifted, Outcome::Granted, &[]).await.unwrap();
    town.lift(&other, lifted).await.unwrap();
    sqlx::query("DELETE FROM privacy.bound WHERE request = $1")
        .bind(id)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(town.withheld(&sen).await, BTreeSet::from(UNASKED));
    let carried = include_str!("../../migrations/0007_bounds_of_before.sql");
    sqlx::raw_sql(carried).execute(&town.scratch.pool).await.unwrap();
    let all = BTreeSet::from(["improvement", "office_lists", "reminders", "statistics", "unheard_of"]);
    assert_eq!(town.withheld(&sen).await, all);
    assert_eq!(
        town.withheld(&other).await,
        BTreeSet::from(UNASKED),
        "what was taken back stays so"
    );
    town.lift(&sen, id).await.unwrap();
    assert_eq!(town.withheld(&sen).await, BTreeSet::from(UNASKED));
}
