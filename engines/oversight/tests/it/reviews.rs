//! The quarterly review of rights, from its opening to what the rule settles.

use chrono::Duration;
use db::PageRequest;
use kernel::AgencyId;
use oversight::{Answer, Line, Verdict};
use uuid::Uuid;

use crate::town::{DECLARATION, Town, Who, code};

const WHY: &str = "đã chuyển sang việc khác";

impl Town {
    async fn opened(&self) -> Uuid {
        self.work().await;
        sqlx::query_scalar("SELECT id FROM oversight.campaign")
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap()
    }

    async fn lines(&self, who: &Who, campaign: Uuid, agency: AgencyId) -> Vec<Line> {
        let mut op = self.op(who).await;
        let page = PageRequest::new(None, Some(200));
        let page = self
            .oversight
            .lines(&mut op, (campaign, agency), false, &page)
            .await
            .unwrap();
        op.commit().await.unwrap();
        page.items
    }

    async fn answer(&self, who: &Who, campaign: Uuid, line: &Line, keep: bool, reason: &str) -> kernel::Result<()> {
        let mut op = self.op(who).await;
        let answer = Answer {
            line: line.id,
            keep,
            reason: reason.into(),
        };
        self.oversight.answer(&mut op, campaign, &[answer]).await?;
        op.commit().await
    }
}

fn of<'a>(lines: &'a [Line], who: &Who, role: &str) -> &'a Line {
    let found = lines.iter().find(|line| line.person == who.person && line.role == role);
    found.expect("the line")
}

// shows: R035, R037
#[tokio::test]
async fn a_head_keeps_and_takes_back_and_what_is_taken_back_ends_at_once() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let lua = town
        .official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk", "specialist"])
        .await;
    let far = town
        .official(town.department, "Hồ Văn Xa", "anh.xa", &["specialist"])
        .await;
    let campaign = town.opened().await;
    assert_eq!(town.told(&head).await, ["review_opened"]);
    let lines = town.lines(&head, campaign, town.ward).await;
    assert_eq!(lines.len(), 3);
    let clerk = of(&lines, &lua, "clerk");
    assert_eq!(
        code(town.answer(&head, campaign, clerk, false, " ").await),
        "oversight.reason_needed"
    );
    town.answer(&head, campaign, clerk, false, WHY).await.unwrap();
    town.answer(&head, campaign, clerk, false, WHY).await.unwrap();
    assert_eq!(
        code(town.answer(&head, campaign, clerk, true, "").await),
        "oversight.already_answered",
        "what ended is given back elsewhere"
    );
    town.answer(&head, campaign, of(&lines, &lua, "specialist"), true, "")
        .await
        .unwrap();
    assert_eq!(town.roles(&lua).await, ["specialist"]);
    let own = of(&lines, &head, "leader");
    assert_eq!(
        code(town.answer(&head, campaign, own, true, "").await),
        "oversight.own_line"
    );
    // Another agency is not there for a head.
    let mut op = town.op(&head).await;
    let others = town
        .oversight
        .lines(&mut op, (campaign, town.department), false, &PageRequest::first())
        .await;
    assert_eq!(code(others), "oversight.not_found");
    drop(op);
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let lines = town.lines(&admin, campaign, town.department).await;
    assert_eq!(
        code(
            town.answer(&head, campaign, of(&lines, &far, "specialist"), false, WHY)
                .await
        ),
        "oversight.not_found"
    );
    let clerk = town.official(town.ward, "Phan Thị Mận", "chi.man", &["clerk"]).await;
    let mut op = town.op(&clerk).await;
    let seen = town.oversight.campaigns(&mut op, &PageRequest::first()).await;
    assert_eq!(code(seen), "oversight.not_allowed");
    // Whose rights were looked at sees it.
    let looks: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'oversight.rights_reviewed' AND person = $1",
    )
    .bind(lua.person.uuid())
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(looks, 1);
}

#[tokio::test]
async fn taking_back_asks_who_is_there_and_a_form_is_answered_whole_or_not() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let lua = town
        .official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk", "specialist"])
        .await;
    let campaign = town.opened().await;
    let lines = town.lines(&head, campaign, town.ward).await;
    let stale = town.ops.now() - Duration::minutes(16);
    let answers = [("clerk", true), ("specialist", false)].map(|(role, keep)| Answer {
        line: of(&lines, &lua, role).id,
        keep,
        reason: WHY.into(),
    });
    let mut op = town.op(&head).await.shown(Some(stale));
    let done = town.oversight.answer(&mut op, campaign, &answers).await;
    assert_eq!(code(done), "identity.step_up_needed");
    drop(op);
    let lines = town.lines(&head, campaign, town.ward).await;
    assert!(lines.iter().all(|line| line.verdict.is_none()));
    let mut op = town.op(&head).await;
    assert_eq!(
        code(town.oversight.answer(&mut op, campaign, &[]).await),
        "oversight.nothing_chosen"
    );
    drop(op);
    let mut op = town.op(&head).await;
    let foreign = Answer {
        line: Uuid::now_v7(),
        keep: true,
        reason: String::new(),
    };
    let done = town.oversight.answer(&mut op, campaign, &[foreign]).await;
    assert_eq!(code(done), "oversight.not_found");
}

#[tokio::test]
async fn what_nobody_answers_goes_up_and_is_settled_by_the_rule() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let above = town
        .official(town.department, "Ngô Thị Trên", "chi.tren", &["supervisor"])
        .await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let officer = town
        .official(town.department, "Mai Văn Giữ", "anh.giu", &["data_protection"])
        .await;
    let second = town
        .official(town.department, "Lý Thị Hai", "chi.hai", &["data_protection"])
        .await;
    for who in [&officer, &second] {
        town.came_in(who).await;
    }
    let campaign = town.opened().await;
    // Fifteen working days from Monday 6 July: the end of Monday 27 July.
    town.set("2026-07-27T16:00");
    town.work().await;
    assert_eq!(town.told(&above).await, ["review_opened"], "of the own agency");
    town.set("2026-07-27T18:00");
    town.work().await;
    assert!(town.told(&above).await.contains(&"review_escalated".to_owned()));
    assert!(town.told(&admin).await.contains(&"review_escalated".to_owned()));
    // Whoever is above may still answer, also about the head.
    let lines = town.lines(&above, campaign, town.ward).await;
    town.answer(&above, campaign, of(&lines, &head, "leader"), true, "")
        .await
        .unwrap();
    town.set("2026-08-03T18:00");
    town.work().await;
    let lines = town.lines(&admin, campaign, town.department).await;
    let verdict = |who: &Who, role: &str| of(&lines, who, role).verdict;
    assert_eq!(
        verdict(&admin, "admin"),
        Some(Verdict::Left),
        "the last administrator stays"
    );
    assert_eq!(
        verdict(&above, "supervisor"),
        Some(Verdict::Left),
        "the rule ends privileged ones"
    );
    let ended = [
        verdict(&officer, "data_protection"),
        verdict(&second, "data_protection"),
    ];
    assert!(
        ended.contains(&Some(Verdict::Ended)) && ended.contains(&Some(Verdict::Left)),
        "{ended:?}"
    );
    let mut op = town.op(&admin).await;
    let (whole, agencies) = town.oversight.campaign(&mut op, campaign).await.unwrap();
    assert!(whole.closed_at.is_some());
    assert_eq!((whole.open, agencies.len()), (0, 2));
    drop(op);
    let line = of(&lines, &above, "supervisor");
    assert_eq!(
        code(town.answer(&admin, campaign, line, true, "").await),
        "oversight.not_open"
    );
}

#[tokio::test]
async fn by_another_declaration_everything_that_is_not_answered_ends() {
    let town = Town::declaring(&DECLARATION.replace("unanswered: end_privileged", "unanswered: end")).await;
    let lua = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    town.opened().await;
    town.set("2026-07-27T18:00");
    town.work().await;
    town.set("2026-08-03T18:00");
    town.work().await;
    assert!(town.roles(&lua).await.is_empty());
}

#[tokio::test]
async fn one_review_a_quarter_opened_by_itself_only_at_its_beginning() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    town.set("2026-08-20T08:00");
    town.work().await;
    let count = "SELECT count(*) FROM oversight.campaign";
    let reviews = || async {
        let found: i64 = sqlx::query_scalar(count).fetch_one(&town.scratch.pool).await.unwrap();
        found
    };
    assert_eq!(reviews().await, 0, "in the middle of a quarter administrators open it");
    let mut op = town.op(&head).await;
    assert_eq!(
        code(town.oversight.open_campaign(&mut op).await),
        "oversight.not_allowed"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    town.oversight.open_campaign(&mut op).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.oversight.open_campaign(&mut op).await),
        "oversight.already_open"
    );
    drop(op);
    town.set("2026-10-02T08:00");
    town.work().await;
    town.work().await;
    assert_eq!(reviews().await, 2);
}

#[tokio::test]
async fn a_review_leaves_as_a_table_without_formulas_and_as_a_paper() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let lua = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    town.official(town.department, "Hồ Văn Xa", "anh.xa", &["specialist"])
        .await;
    let campaign = town.opened().await;
    let lines = town.lines(&head, campaign, town.ward).await;
    let line = of(&lines, &lua, "clerk");
    town.answer(&head, campaign, line, false, "=HYPERLINK(\"http://xau.example\")")
        .await
        .unwrap();
    let mut op = town.op(&head).await;
    let csv = String::from_utf8(town.oversight.review_csv(&mut op, campaign).await.unwrap()).unwrap();
    let pdf = town.oversight.review_pdf(&mut op, campaign).await.unwrap();
    op.commit().await.unwrap();
    assert!(
        csv.starts_with('\u{feff}') && csv.contains("Trần Văn Lúa") && csv.contains("'=HYPERLINK"),
        "{csv}"
    );
    assert!(!csv.contains("Hồ Văn Xa"), "the reader's reach bounds the table");
    assert!(pdf.starts_with(b"%PDF"));
    let looks: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'oversight.rights_reviewed' AND person = $1",
    )
    .bind(lua.person.uuid())
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(
        looks, 3,
        "the lines, the table, the paper: whose rights they are sees each"
    );
    let stale = town.ops.now() - Duration::minutes(16);
    let mut op = town.op(&head).await.shown(Some(stale));
    assert_eq!(
        code(town.oversight.review_csv(&mut op, campaign).await),
        "identity.step_up_needed"
    );
    drop(op);
    let mut op = town.op(&head).await.shown(Some(stale));
    assert_eq!(
        code(town.oversight.review_pdf(&mut op, campaign).await),
        "identity.step_up_needed"
    );
}

/// Whoever acts in the place of a head does not judge the head, nor themself.
// shows: R037
#[tokio::test]
async fn nobody_reviews_the_one_in_whose_place_they_act() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let lua = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let third = town.official(town.ward, "Phan Thị Mận", "chi.man", &["clerk"]).await;
    let campaign = town.opened().await;
    let lines = town.lines(&head, campaign, town.ward).await;
    let mut actor = town.actor(&head).await;
    if let kernel::Actor::Official(official) = &mut actor {
        let holder = kernel::StandsFor {
            person: official.person,
            name: official.name.clone(),
        };
        official.stands_for = Some(Box::new(holder));
        (official.account, official.person) = (lua.account, lua.person);
    }
    for (who, role, expected) in [
        (&head, "leader", "oversight.own_line"),
        (&lua, "clerk", "oversight.own_line"),
        (&third, "clerk", "it worked"),
    ] {
        let mut op = town.ops.open(actor.clone()).await.unwrap();
        let answer = Answer {
            line: of(&lines, who, role).id,
            keep: true,
            reason: String::new(),
        };
        assert_eq!(
            code(town.oversight.answer(&mut op, campaign, &[answer]).await),
            expected,
            "{role}"
        );
    }
}

/// What a reorganisation has turned into another position is followed there, and what is gone is said to be gone.
// shows: R037
#[tokio::test]
async fn a_role_is_taken_back_where_it_has_gone_and_what_is_gone_is_called_gone() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let lua = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let man = town.official(town.ward, "Phan Thị Mận", "chi.man", &["clerk"]).await;
    let campaign = town.opened().await;
    let lines = town.lines(&head, campaign, town.ward).await;
    let yesterday = kernel::local_date(town.ops.now()).pred_opt().unwrap();
    let mut op = town.ops.open(kernel::Actor::System("province")).await.unwrap();
    let new = identity::NewPosition {
        agency: town.ward,
        unit: None,
        code: "moi".into(),
        title: "Vị trí mới".into(),
        roles: vec!["clerk".into()],
        validity: identity::Validity::since("2020-01-01".parse().unwrap()),
    };
    let position = town.identity.upsert_position(&mut op, &new).await.unwrap();
    let since = identity::Validity::since("2024-01-01".parse().unwrap());
    town.identity
        .hold_position(&mut op, lua.person, position, since)
        .await
        .unwrap();
    for who in [&lua, &man] {
        let old = of(&lines, who, "clerk").position;
        town.identity
            .end_holding(&mut op, who.person, old, yesterday)
            .await
            .unwrap();
    }
    op.commit().await.unwrap();
    sqlx::query(
        "INSERT INTO identity.reorganisation (key, title, basis, on_day, declaration, executed_at, executed_by)
         VALUES ('sap-xep', 'Sắp xếp', '', '2026-07-06', '', now(), '')",
    )
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO identity.position_successor (old, new, reorganisation) VALUES ($1, $2, 'sap-xep')")
        .bind(of(&lines, &lua, "clerk").position.uuid())
        .bind(position.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(town.roles(&lua).await, ["clerk"]);
    for who in [&lua, &man] {
        let line = of(&lines, who, "clerk");
        town.answer(&head, campaign, line, false, WHY).await.unwrap();
        town.answer(&head, campaign, line, false, WHY).await.unwrap();
    }
    assert!(town.roles(&lua).await.is_empty());
    let lines = town.lines(&head, campaign, town.ward).await;
    assert_eq!(of(&lines, &lua, "clerk").verdict, Some(Verdict::TakenBack));
    assert_eq!(of(&lines, &man, "clerk").verdict, Some(Verdict::Gone));
}

#[tokio::test]
async fn keeping_asks_who_is_there_too() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let lua = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let campaign = town.opened().await;
    let lines = town.lines(&head, campaign, town.ward).await;
    let stale = town.ops.now() - Duration::minutes(16);
    let mut op = town.op(&head).await.shown(Some(stale));
    let answer = Answer {
        line: of(&lines, &lua, "clerk").id,
        keep: true,
        reason: String::new(),
    };
    assert_eq!(
        code(town.oversight.answer(&mut op, campaign, &[answer]).await),
        "identity.step_up_needed"
    );
}

/// Behind the second wall: whoever asks for everything sees the own agency, the own lines and the own reports.
// shows: R028
#[tokio::test]
async fn the_wall_shows_reviews_and_reports_as_far_as_they_reach() {
    let town = Town::new().await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let clerk = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let far = town
        .official(town.department, "Hồ Văn Xa", "anh.xa", &["specialist"])
        .await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    town.opened().await;
    town.take(&head).await;
    for (who, lines, reports) in [(&head, 2, 1), (&clerk, 1, 0), (&far, 1, 0), (&admin, 4, 1)] {
        let mut op = town.op(who).await;
        let seen: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM oversight.review_line), (SELECT count(*) FROM oversight.emergency_report)",
        )
        .fetch_one(op.conn())
        .await
        .unwrap();
        assert_eq!(seen, (lines, reports));
    }
}
