//! Nobody takes the voice of another: those whom a request to act for somebody concerns are heard before an official decides.

use std::future::Future;
use std::sync::Arc;

use chrono::Duration;
use db::PageRequest;
use identity::{
    Approval, Approved, Awaited, Config, Former, Identity, NewCounterCode, NewMerge, NewPerson, RegistrationKind,
    RepresentationKind, SignedIn, Start,
};
use kernel::working_calendar::{CalendarPlan, default_hours, default_weekdays};
use kernel::{Actor, AgencyId, Fault, WorkingCalendar};
use op::Ops;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::representation::{
    act_for, approval, approve, approve_with, ask, business, child, citizen, desk, end, given, let_pass, say, shown,
    told,
};
use crate::town::{HOME, PASSWORD, Town, cheap, code, day, engine};

const SEN: &str = "999192000017";
const PHU: &str = "999190000033";
const LIEN: &str = "999190000041";

/// A cooperative with its director, the clerk who has approved her, and her representation.
struct House {
    town: Town,
    clerk: Actor,
    agency: AgencyId,
    sen: SignedIn,
    legal: Uuid,
}

impl House {
    async fn new() -> Self {
        let town = Town::new().await;
        let (clerk, agency) = desk(&town).await;
        let sen = citizen(&town, "Lê Thị Sen", SEN).await;
        let id = ask(
            &town,
            &sen.actor,
            &business(&town, agency, RegistrationKind::Organisation),
        )
        .await
        .unwrap();
        approve(&town, &clerk, id).await.unwrap();
        let legal = given(&town, &sen.actor, RepresentationKind::Legal).await;
        Self {
            town,
            clerk,
            agency,
            sen,
            legal,
        }
    }

    /// Somebody asks to represent the cooperative, or to be one of its people.
    async fn asks(&self, who: &SignedIn, kind: RegistrationKind) -> Uuid {
        ask(&self.town, &who.actor, &business(&self.town, self.agency, kind))
            .await
            .unwrap()
    }

    /// Whether the present director stays or goes.
    fn says(&self, former: Former) -> Approval {
        Approval {
            former: [(self.legal, former)].into(),
            seen: true,
            ..approval()
        }
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.town.count(sql).await
    }
}

/// Waits until so many of this database wait for a lock.
async fn waiting(town: &Town, count: i64) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while town.count(sql).await < count {
        tokio::task::yield_now().await;
    }
}

/// Something done in an operation of its own beside the test.
fn beside<F, W>(town: &Town, work: W) -> JoinHandle<Result<(), Fault>>
where
    W: FnOnce(Identity, Ops) -> F,
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    tokio::spawn(work(town.identity.clone(), town.scratch.ops.clone()))
}

fn approving(town: &Town, clerk: &Actor, id: Uuid, approval: &Approval) -> JoinHandle<Result<(), Fault>> {
    let (clerk, approval) = (clerk.clone(), approval.clone());
    beside(town, move |identity, ops| async move {
        let mut op = ops.open(clerk).await?;
        identity.approve_with(&mut op, id, &approval).await?;
        op.commit().await
    })
}

// shows: R033
#[tokio::test]
async fn nobody_takes_an_organisation_over_before_its_director_could_speak() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    let ends = house.says(Former::Ends);
    // Before she was told, and after: on Monday, with until Thursday to answer.
    assert_eq!(
        code(approve_with(town, clerk, id, &ends).await),
        "identity.concerned_waiting"
    );
    town.tell_concerned(id).await;
    let fault = approve_with(town, clerk, id, &ends).await.unwrap_err();
    assert_eq!(fault.code, "identity.concerned_waiting");
    assert_eq!(
        (fault.params["count"].as_str(), fault.params["until"].as_str()),
        ("1", "05/03/2026")
    );
    let found = shown(town, clerk, id).await;
    assert_eq!(
        found.awaited,
        Some(Awaited {
            people: 1,
            until: day("2026-03-05")
        })
    );
    assert!(!found.takes_two);
    town.advance(Duration::days(3));
    assert_eq!(
        code(approve_with(town, clerk, id, &ends).await),
        "identity.concerned_waiting"
    );
    assert_eq!(
        house
            .count("SELECT count(*) FROM identity.representation WHERE ended_at IS NULL")
            .await,
        1
    );
    town.advance(Duration::days(1));
    assert_eq!(shown(town, clerk, id).await.awaited, None);
    assert_eq!(approve_with(town, clerk, id, &ends).await.unwrap(), Approved::Now);
}

// shows: R033
#[tokio::test]
async fn whoever_agrees_shortens_the_days_and_all_of_them_are_waited_for() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    town.tell_concerned(id).await;
    let stays = house.says(Former::Stays);
    say(town, &house.sen.actor, id, true).await.unwrap();
    assert_eq!(approve_with(town, clerk, id, &stays).await.unwrap(), Approved::Now);
    let second = given(town, &phu.actor, RepresentationKind::Legal).await;
    // Of two one agrees: the other one is waited for.
    let lien = citizen(town, "Trần Thị Liên", LIEN).await;
    let id = house.asks(&lien, RegistrationKind::Organisation).await;
    town.tell_concerned(id).await;
    let mut both = house.says(Former::Stays);
    both.former.insert(second, Former::Stays);
    say(town, &phu.actor, id, true).await.unwrap();
    assert_eq!(shown(town, clerk, id).await.awaited.unwrap().people, 1);
    assert_eq!(
        code(approve_with(town, clerk, id, &both).await),
        "identity.concerned_waiting"
    );
    say(town, &house.sen.actor, id, true).await.unwrap();
    assert_eq!(approve_with(town, clerk, id, &both).await.unwrap(), Approved::Now);
}

#[tokio::test]
async fn the_days_are_those_of_the_working_calendar() {
    let house = House::new().await;
    let calendar = CalendarPlan {
        working_hours: default_hours(),
        working_weekdays: default_weekdays(),
        days_off: [(day("2026-03-03"), "Ngày nghỉ".to_owned())].into(),
        make_up_days: [(day("2026-03-07"), "Làm bù".to_owned())].into(),
        known_until: day("2026-12-31"),
    };
    let mut town = house.town;
    town.identity = engine(
        &town.scratch,
        Config {
            calendar: Arc::new(WorkingCalendar::new(calendar).unwrap()),
            concerned_days: 5,
            ..cheap()
        },
    );
    let phu = citizen(&town, "Phạm Thị Phù", PHU).await;
    let new = business(&town, house.agency, RegistrationKind::Organisation);
    let id = ask(&town, &phu.actor, &new).await.unwrap();
    town.tell_concerned(id).await;
    // Wednesday, Thursday, Friday, the Saturday that is worked, Monday.
    assert_eq!(
        shown(&town, &house.clerk, id).await.awaited.unwrap().until,
        day("2026-03-09")
    );
}

// shows: R032, R033
#[tokio::test]
async fn a_paper_of_the_organisation_does_not_come_before_the_word_of_its_director_either() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Member).await;
    town.tell_concerned(id).await;
    let seen = Approval {
        seen: true,
        ..approval()
    };
    assert_eq!(
        code(approve_with(town, clerk, id, &seen).await),
        "identity.concerned_waiting"
    );
    town.advance(Duration::days(4));
    assert_eq!(approve_with(town, clerk, id, &seen).await.unwrap(), Approved::Now);
}

// shows: R033
#[tokio::test]
async fn where_a_director_cannot_be_asked_two_officials_see_the_paper() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    sqlx::query("UPDATE identity.account SET state = 'suspended' WHERE id = $1")
        .bind(house.sen.actor.account().unwrap().uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    let_pass(town, id).await;
    let ends = house.says(Former::Ends);
    assert!(shown(town, clerk, id).await.takes_two);
    for _ in 0..2 {
        assert_eq!(approve_with(town, clerk, id, &ends).await.unwrap(), Approved::ByOne);
    }
    let found = shown(town, clerk, id).await;
    assert_eq!(found.state, identity::RegistrationState::Waiting);
    assert_eq!(
        (found.seen_by, found.seen_paper.as_str()),
        (clerk.account(), "Bản chính đã đối chiếu")
    );
    let trail = town.trail().await;
    let seen = trail
        .iter()
        .filter(|(action, ..)| action == "identity.registration_seen");
    assert_eq!(seen.count(), 1, "pressed twice it is written once");
    // The database knows that they are two.
    let alone = sqlx::query(
        "UPDATE identity.registration SET state = 'approved', decided_at = now(), decided_by = seen_by, person = $2 WHERE id = $1",
    )
    .bind(id)
    .bind(phu.actor.person().unwrap().uuid())
    .execute(&town.scratch.pool)
    .await;
    assert!(alone.is_err());
    let second = town.desk("chi.sau", &["clerk"]).await;
    assert_eq!(approve_with(town, &second, id, &ends).await.unwrap(), Approved::Now);
    assert_eq!(shown(town, clerk, id).await.decided_by, second.account());
}

// shows: R033
#[tokio::test]
async fn an_objection_stays_though_the_account_of_who_has_objected_is_suspended() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let member = house.asks(&phu, RegistrationKind::Member).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    for id in [member, id] {
        town.tell_concerned(id).await;
        say(town, &house.sen.actor, id, false).await.unwrap();
    }
    sqlx::query("UPDATE identity.account SET state = 'suspended' WHERE id = $1")
        .bind(house.sen.actor.account().unwrap().uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let ends = house.says(Former::Ends);
    assert_eq!(
        code(approve_with(town, clerk, member, &ends).await),
        "identity.member_objected"
    );
    let unseen = Approval { seen: false, ..ends };
    assert_eq!(
        code(approve_with(town, clerk, id, &unseen).await),
        "identity.standing_objected"
    );
    assert!(shown(town, clerk, id).await.takes_two);
}

// shows: R033
#[tokio::test]
async fn an_objection_after_the_first_official_takes_two_others() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    town.tell_concerned(id).await;
    say(town, &house.sen.actor, id, false).await.unwrap();
    town.advance(Duration::seconds(1));
    let ends = house.says(Former::Ends);
    assert_eq!(approve_with(town, clerk, id, &ends).await.unwrap(), Approved::ByOne);
    // She agrees after all, and objects again: nobody has seen the paper against this word.
    town.advance(Duration::seconds(1));
    say(town, &house.sen.actor, id, true).await.unwrap();
    town.advance(Duration::seconds(1));
    say(town, &house.sen.actor, id, false).await.unwrap();
    let second = town.desk("chi.sau", &["clerk"]).await;
    assert_eq!(shown(town, clerk, id).await.seen_by, None);
    town.advance(Duration::seconds(1));
    assert_eq!(approve_with(town, &second, id, &ends).await.unwrap(), Approved::ByOne);
    assert_eq!(approve_with(town, clerk, id, &ends).await.unwrap(), Approved::Now);
}

// shows: R033
#[tokio::test]
async fn an_official_does_not_agree_in_the_name_of_the_director_by_a_code() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    town.tell_concerned(id).await;
    // The clerk gives a code for the director, comes in with it, and agrees.
    let wanted = NewCounterCode {
        number: SEN.into(),
        name: "Lê Thị Sen".into(),
        paper: "Thẻ căn cước".into(),
    };
    let given = town.identity.issue_code(town.op(clerk).await, &wanted).await.unwrap();
    let start = Start {
        login: SEN,
        code: &given.code,
        password: "rạch nhỏ đầy bông súng",
        source: HOME,
    };
    town.identity
        .set_password_by_code(&town.scratch.ops, start)
        .await
        .unwrap();
    let forged = town.sign_in(SEN, "rạch nhỏ đầy bông súng", HOME).await.unwrap();
    say(town, &forged.actor, id, true).await.unwrap();
    let ends = house.says(Former::Ends);
    assert_eq!(
        code(approve_with(town, clerk, id, &ends).await),
        "identity.concerned_code"
    );
    // Nor does an administrator who has let her account in again these days, whoever had it suspended.
    let admin = town.desk("chi.quan", &["admin"]).await;
    let account = house.sen.actor.account().unwrap();
    for suspends in [true, false] {
        let mut op = town.op(&admin).await;
        if suspends {
            town.identity
                .suspend_account(&mut op, account, "nghi ngờ")
                .await
                .unwrap();
        } else {
            town.identity.resume_account(&mut op, account, "đã rõ").await.unwrap();
        }
        op.commit().await.unwrap();
    }
    assert_eq!(
        code(approve_with(town, &admin, id, &ends).await),
        "identity.concerned_code"
    );
    let second = town.desk("chi.sau", &["clerk"]).await;
    assert_eq!(approve_with(town, &second, id, &ends).await.unwrap(), Approved::Now);
}

#[tokio::test]
async fn an_objection_that_came_first_counts_and_one_that_comes_after_is_told_so() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    let_pass(town, id).await;
    let ends = Approval {
        seen: false,
        ..house.says(Former::Ends)
    };
    // She is about to say no while the clerk approves.
    let mut saying = town.op(&house.sen.actor).await;
    town.identity.say_to_standing(&mut saying, id, false).await.unwrap();
    let late = approving(town, clerk, id, &ends);
    waiting(town, 1).await;
    saying.commit().await.unwrap();
    assert_eq!(code(late.await.unwrap()), "identity.standing_objected");

    // And the other way round.
    say(town, &house.sen.actor, id, true).await.unwrap();
    let mut op = town.op(clerk).await;
    town.identity.approve_with(&mut op, id, &ends).await.unwrap();
    let sen = house.sen.actor.clone();
    let late = beside(town, move |identity, ops| async move {
        let mut op = ops.open(sen).await?;
        identity.say_to_standing(&mut op, id, false).await?;
        op.commit().await
    });
    waiting(town, 1).await;
    op.commit().await.unwrap();
    assert_eq!(code(late.await.unwrap()), "identity.registration_decided");
}

/// Two administrators, and a proposal of one of them that the asker's old account be joined to another one.
async fn joining(town: &Town, who: &SignedIn) -> (Actor, Uuid) {
    let one = town.desk("chi.quan", &["admin"]).await;
    let other = town.desk("anh.quan", &["admin"]).await;
    let person = NewPerson {
        personal_number: Some("999190000058".parse().unwrap()),
        ..NewPerson::named("Phạm Thị Phù")
    };
    let person = town.register(&person).await;
    town.account(person, "999190000058").await;
    let new = NewMerge {
        number: "999190000058".into(),
        paper: "Xác nhận số định danh".into(),
        differs: false,
        why: String::new(),
    };
    let account = who.actor.account().unwrap();
    let proposing = town.identity.propose_merge(town.op(&one).await, account, &new);
    let id = proposing.await.unwrap();
    // The owners have had their time.
    town.advance(Duration::days(3));
    (other, id)
}

fn confirming(town: &Town, admin: &Actor, merge: Uuid) -> JoinHandle<Result<(), Fault>> {
    let admin = admin.clone();
    beside(town, move |identity, ops| async move {
        let mut op = ops.open(admin).await?;
        identity.confirm_merge(&mut op, merge).await?;
        op.commit().await
    })
}

#[tokio::test]
async fn asking_and_joining_accounts_do_not_block_each_other() {
    let house = House::new().await;
    let town = &house.town;
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let (admin, merge) = joining(town, &phu).await;
    let mut asking = town.op(&phu.actor).await;
    town.identity.check_stands(&mut asking).await.unwrap();
    let confirmed = confirming(town, &admin, merge);
    waiting(town, 1).await;
    let new = business(town, house.agency, RegistrationKind::Organisation);
    town.identity.ask_standing(&mut asking, &new, HOME.ip).await.unwrap();
    asking.commit().await.unwrap();
    confirmed.await.unwrap().unwrap();
    let left = "SELECT count(*) FROM identity.registration
                JOIN identity.account ON account.id = registration.asked_by WHERE account.state <> 'active'";
    assert_eq!(house.count(left).await, 0, "what was asked has come along");
    assert_eq!(
        code(ask(town, &phu.actor, &new).await),
        "identity.sign_in_again",
        "whoever comes after comes in anew"
    );
}

#[tokio::test]
async fn approving_and_joining_the_accounts_of_the_asker_do_not_block_each_other() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    let_pass(town, id).await;
    let (admin, merge) = joining(town, &phu).await;
    // Somebody holds the registration, so that the two meet before it.
    let mut held = town.scratch.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM identity.registration WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(&mut *held)
        .await
        .unwrap();
    let approved = approving(town, clerk, id, &house.says(Former::Ends));
    waiting(town, 1).await;
    let confirmed = confirming(town, &admin, merge);
    waiting(town, 2).await;
    held.rollback().await.unwrap();
    approved.await.unwrap().unwrap();
    confirmed.await.unwrap().unwrap();
    let acting = "SELECT count(*) FROM identity.representation
                  JOIN identity.person ON person.id = representation.representative
                  WHERE representation.kind = 'legal' AND representation.ended_at IS NULL AND person.merged_into IS NULL";
    assert_eq!(house.count(acting).await, 1);
}

// shows: R033
#[tokio::test]
async fn nobody_decides_about_what_somebody_has_asked_for_whom_they_act() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    let_pass(town, id).await;
    // The clerk acts for whoever asks, by a power of attorney.
    sqlx::query(
        "INSERT INTO identity.representation (id, kind, represented, representative, valid_from, valid_to, given_by, given_at)
         VALUES (gen_random_uuid(), 'attorney', $1, $2, '2026-03-01', '2026-04-01', $3, now())",
    )
    .bind(phu.actor.person().unwrap().uuid())
    .bind(clerk.person().unwrap().uuid())
    .bind(phu.actor.account().unwrap().uuid())
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let ends = house.says(Former::Ends);
    assert_eq!(
        code(approve_with(town, clerk, id, &ends).await),
        "identity.registration_own"
    );
    let second = town.desk("chi.sau", &["clerk"]).await;
    assert_eq!(approve_with(town, &second, id, &ends).await.unwrap(), Approved::Now);
}

// shows: R033
#[tokio::test]
async fn nobody_strikes_the_director_out_and_puts_another_one_in_alone() {
    let house = House::new().await;
    let town = &house.town;
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    let admin = town.desk("chi.quan", &["admin"]).await;
    end(town, &admin, house.legal).await.unwrap();
    assert_eq!(
        code(approve_with(town, &admin, id, &approval()).await),
        "identity.concerned_ended"
    );
    assert_eq!(
        approve_with(town, &house.clerk, id, &approval()).await.unwrap(),
        Approved::Now
    );
}

// shows: R032, R037
#[tokio::test]
async fn a_director_who_stays_does_not_strike_out_the_one_who_was_approved_against_her_word() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let phu = citizen(town, "Phạm Thị Phù", PHU).await;
    let id = house.asks(&phu, RegistrationKind::Organisation).await;
    town.tell_concerned(id).await;
    say(town, &house.sen.actor, id, false).await.unwrap();
    town.advance(Duration::seconds(1));
    let stays = house.says(Former::Stays);
    let second = town.desk("chi.sau", &["clerk"]).await;
    approve_with(town, clerk, id, &stays).await.unwrap();
    assert_eq!(approve_with(town, &second, id, &stays).await.unwrap(), Approved::Now);
    let new = given(town, &phu.actor, RepresentationKind::Legal).await;
    let as_first = act_for(town, &house.sen, Some(house.legal)).await.unwrap();
    let mut op = town.op(&as_first).await;
    assert_eq!(town.identity.actings(&mut op).await.unwrap().objected_to, [new]);
    drop(op);
    assert_eq!(
        code(end(town, &as_first, new).await),
        "identity.representation_not_found"
    );
    // The desk does, and the new one leaves by herself.
    let admin = town.desk("chi.quan", &["admin"]).await;
    end(town, &admin, new).await.unwrap();
}

// shows: R033
#[tokio::test]
async fn nobody_is_flooded_with_questions_and_whoever_was_not_told_is_not_passed_over() {
    let house = House::new().await;
    let (town, clerk) = (&house.town, &house.clerk);
    let mut asked = Vec::new();
    for n in 0..7 {
        let number = format!("9990890001{n}0");
        let one = citizen(town, &format!("Người Lạ {n}"), &number).await;
        asked.push(house.asks(&one, RegistrationKind::Organisation).await);
        if n == 0 {
            for _ in 0..2 {
                asked.push(house.asks(&one, RegistrationKind::Organisation).await);
            }
            // One asks for one organisation a few times, known or not, and no more.
            let more = business(town, house.agency, RegistrationKind::Organisation);
            assert_eq!(
                code(ask(town, &one.actor, &more).await),
                "identity.too_many_registrations"
            );
            ask(town, &one.actor, &child(town, house.agency)).await.unwrap();
        }
    }
    town.work().await;
    let told_of = told(town, "identity.standing_asked").await.len();
    assert_eq!(told_of, 5, "a day");
    let untold: Vec<Uuid> = {
        let mut found = Vec::new();
        for id in &asked {
            if shown(town, clerk, *id).await.concerned[0].told_at.is_none() {
                found.push(*id);
            }
        }
        found
    };
    assert_eq!(untold.len(), 2);
    // Days later she is told of the others too, and they wait from then on.
    town.advance(Duration::days(4));
    let ends = house.says(Former::Ends);
    for id in &untold {
        assert_eq!(
            code(approve_with(town, clerk, *id, &ends).await),
            "identity.concerned_waiting"
        );
    }
    town.work().await;
    assert_eq!(told(town, "identity.standing_asked").await.len(), 7);
    for id in &untold {
        assert_eq!(
            code(approve_with(town, clerk, *id, &ends).await),
            "identity.concerned_waiting"
        );
    }
    // She reads them in pages.
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let mut op = town.op(&house.sen.actor).await;
        let page = PageRequest::new(after, Some(4));
        let found = town.identity.questions(&mut op, &page).await.unwrap();
        seen.extend(found.items.iter().map(|one| one.registration));
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort_unstable();
    asked.sort_unstable();
    assert_eq!(seen, asked);
}

// shows: R033
#[tokio::test]
async fn the_other_parent_who_came_later_is_told_of_what_waits_and_waited_for() {
    let town = Town::new().await;
    let (clerk, agency) = desk(&town).await;
    let sen = citizen(&town, "Lê Thị Sen", SEN).await;
    let phu = citizen(&town, "Phạm Thị Phù", PHU).await;
    let first = ask(&town, &sen.actor, &child(&town, agency)).await.unwrap();
    let second = ask(&town, &phu.actor, &child(&town, agency)).await.unwrap();
    town.work().await;
    approve(&town, &clerk, first).await.unwrap();
    assert_eq!(code(approve(&town, &clerk, second).await), "identity.concerned_waiting");
    town.work().await;
    assert_eq!(
        told(&town, "identity.standing_asked").await,
        [format!("{} Phạm Thị Phù Lê Văn Cua", sen.actor.account().unwrap())]
    );
    // The child gets an account of its own meanwhile: whoever opens the page has it told.
    let cua: Uuid = sqlx::query_scalar("SELECT id FROM identity.person WHERE full_name = 'Lê Văn Cua'")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    town.account(cua.into(), "999210000028").await;
    say(&town, &sen.actor, second, true).await.unwrap();
    assert_eq!(code(approve(&town, &clerk, second).await), "identity.concerned_waiting");
    assert_eq!(shown(&town, &clerk, second).await.awaited.unwrap().people, 1);
    town.work().await;
    assert_eq!(told(&town, "identity.standing_asked").await.len(), 2);
    let own = town.sign_in("999210000028", PASSWORD, HOME).await.unwrap();
    say(&town, &own.actor, second, true).await.unwrap();
    approve(&town, &clerk, second).await.unwrap();
}
