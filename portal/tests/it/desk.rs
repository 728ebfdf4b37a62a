//! The officials' pages, walked through on a real database.

use axum::http::{StatusCode, header};

use crate::{
    office::{ANSWERS, APP, FACTS, NUMBER, Office},
    town::{PASSWORD, Reply, between},
};

/// The desk to which the only row of a list leads.
fn desk_of(list: &Reply) -> String {
    format!("/can-bo/viec/{}", between(&list.text, "href=\"/can-bo/viec/", "\""))
}

/// What an official sends from a desk.
fn decision<'a>(page: &Reply, outcome: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
    let mut fields = vec![("version", page.hidden("version")), ("outcome", outcome.to_owned())];
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    fields
}

/// The same as pairs of texts.
fn pairs<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

// shows: R075, R080, R083
#[tokio::test]
async fn a_case_goes_from_the_inbox_to_the_hand_over() {
    let office = Office::new().await;
    let submitted = office.submit().await;

    let clerk = office.sign_in("lua").await;
    let inbox = clerk.get("/can-bo").await;
    assert_eq!(inbox.status, StatusCode::OK);
    inbox.shows(&submitted.code);
    inbox.shows("Kiểm tra và tiếp nhận hồ sơ");
    inbox.shows("Chưa có ai nhận");
    let desk = desk_of(&inbox);
    let page = clerk.get(&desk).await;
    page.shows("Bản cũ còn giữ");
    page.shows("Nguyễn Thị Lan");
    let picture = between(&page.text, "<img src=\"", "\"");
    let paper = clerk.get(&picture).await;
    assert_eq!(
        (paper.status, &paper.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"image/png".parse().unwrap())
    );

    let claimed = clerk.send(&page, &format!("{desk}/nhan"), &[]).await;
    assert_eq!(claimed.location(), format!("{desk}?da=desk_claimed"));
    let page = clerk.get(claimed.location()).await;
    page.shows("Bạn đang giữ việc này.");
    clerk.get("/can-bo?hop=mine").await.shows(&submitted.code);

    // Nobody takes a case in without having looked at each paper, and what was typed stays.
    let fields = decision(&page, "accept", &[("note", "Đã đối chiếu bản chính")]);
    let refused = clerk.send(&page, &desk, &pairs(&fields)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.shows("Chưa xem giấy tờ này.");
    refused.shows("href=\"#f-papers-old_copy\"");
    refused.shows("Đã đối chiếu bản chính");
    let fields = decision(
        &refused,
        "accept",
        &[("note", "Đã đối chiếu"), ("papers.old_copy", "true")],
    );
    let accepted = clerk.send(&refused, &desk, &pairs(&fields)).await;
    assert_eq!(accepted.location(), "/can-bo?da=desk_accepted");
    let again = clerk.send(&refused, &desk, &pairs(&fields)).await;
    assert_eq!(again.location(), accepted.location(), "pressed twice");
    clerk.get(accepted.location()).await.shows("Đã tiếp nhận hồ sơ.");

    // What the register says is entered at the step that looks it up; the applicant's words are only a beginning.
    let specialist = office.sign_in("sen").await;
    let inbox = specialist.get("/can-bo").await;
    inbox.shows(&submitted.code);
    let desk = desk_of(&inbox);
    let page = specialist.get(&desk).await;
    page.shows("Số đăng ký trong sổ hộ tịch")
        .shows("name=\"facts.register_name\" value=\"Nguyễn Thị Lan\"")
        .shows("Theo tờ khai của người nộp")
        .hides("name=\"facts.wife_name\"");
    let some = [
        ("facts.register_number", "12/1990"),
        ("facts.register_date.day", "31"),
        ("note", "Có trong sổ"),
    ];
    let fields = decision(&page, "propose", &some);
    let told = specialist.send(&page, &desk, &pairs(&fields)).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("href=\"#f-facts-register_book\"")
        .shows("Xin ghi đủ cả ngày, tháng và năm.")
        .shows("value=\"12/1990\"")
        .shows("Có trong sổ");
    let mut fields = decision(&told, "propose", FACTS);
    fields.push(("tiep", "1".to_owned()));
    let done = specialist.send(&told, &desk, &pairs(&fields)).await;
    assert_eq!(done.location(), "/can-bo?da=desk_advanced");

    // The leader sees what will be printed; the applicant sees it with the result.
    let lan = office.sign_in("lan").await;
    let own = format!("/ho-so-cua-toi/{}", submitted.id);
    lan.get(&own).await.hides("01/1990");
    let leader = office.sign_in("tram").await;
    let desk = desk_of(&leader.get("/can-bo").await);
    let page = leader.get(&desk).await;
    page.shows("Số liệu ghi vào kết quả")
        .shows("01/1990")
        .shows("20/05/1990")
        .hides("name=\"facts.");
    let fields = decision(&page, "approve", &[("tiep", "1")]);
    let done = leader.send(&page, &desk, &pairs(&fields)).await;
    assert_eq!(done.location(), "/can-bo?da=desk_advanced");
    lan.get(&own).await.shows("01/1990");

    let list = clerk.get("/can-bo/tra-ket-qua").await;
    list.shows(&submitted.code);
    let desk = desk_of(&list);
    let page = clerk.get(&desk).await;
    page.shows("Kết quả giải quyết");
    page.shows("16.000 đ");
    let fields = decision(&page, "handed_over", &[]);
    let unpaid = clerk.send(&page, &desk, &pairs(&fields)).await;
    assert_eq!(unpaid.status, StatusCode::CONFLICT);
    unpaid.shows("16.000");
    let pay = format!("/can-bo/ho-so/{}/thu-phi", submitted.id);
    let fields = [
        ("fee", "copy"),
        ("receipt_number.copy", "BL-0001"),
        ("ve", desk.as_str()),
    ];
    for press in 1..=2 {
        let paid = clerk.send(&page, &pay, &fields).await;
        assert_eq!(paid.location(), format!("{desk}?da=desk_paid"), "press {press}");
    }
    let other = [fields[0], ("receipt_number.copy", "BL-0002"), fields[2]];
    let refused = clerk.send(&page, &pay, &other).await;
    assert_eq!(
        refused.status,
        StatusCode::CONFLICT,
        "another receipt is another payment"
    );
    let page = clerk.get(&desk).await;
    page.shows("BL-0001");
    let fields = decision(&page, "handed_over", &[]);
    let done = clerk.send(&page, &desk, &pairs(&fields)).await;
    assert_eq!(done.location(), "/can-bo?da=desk_handed_over");
    clerk
        .get("/can-bo/tra-ket-qua")
        .await
        .shows("Không có kết quả nào đang chờ trả.");

    let case = clerk.get(&format!("/can-bo/ho-so/{}", submitted.id)).await;
    case.shows("Đã có kết quả");
    let document = format!("/can-bo/ho-so/{}/van-ban/", submitted.id);
    let document = format!("{document}{}", between(&case.text, &format!("href=\"{document}"), "\""));
    let pdf = clerk.get(&document).await;
    assert_eq!(pdf.headers[header::CONTENT_TYPE], "application/pdf");
    assert!(
        !pdf.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .contains("sandbox")
    );
    assert!(pdf.text.starts_with("%PDF"));

    clerk.get("/can-bo/tim?q=nguyen+thi+lan").await.shows(&submitted.code);
    clerk.get("/can-bo/so-theo-doi").await.shows(&submitted.code);
    let wrong = clerk.get("/can-bo/so-theo-doi?tu=2026-02-31").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.shows("Ngày này không có trong lịch.");
    let csv = clerk
        .get("/can-bo/so-theo-doi/tai-ve?tu=2026-03-01&den=2026-03-31")
        .await;
    assert_eq!(csv.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    csv.shows(&submitted.code);
}

#[tokio::test]
async fn for_another_agency_the_case_does_not_exist() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let clerk = office.sign_in("lua").await;
    let desk = desk_of(&clerk.get("/can-bo").await);
    let page = clerk.get(&desk).await;
    let picture = between(&page.text, "<img src=\"", "\"");

    let stranger = office.sign_in("xanh").await;
    let inbox = stranger.get("/can-bo").await;
    inbox.shows("Không có việc nào đang chờ bạn.");
    for path in [&desk, &format!("/can-bo/ho-so/{}", submitted.id), &picture] {
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let fields = decision(&page, "accept", &[("papers.old_copy", "true")]);
    let answer = stranger.send(&inbox, &desk, &pairs(&fields)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    stranger
        .get(&format!("/can-bo/tim?q={}", submitted.code))
        .await
        .shows("Không có hồ sơ nào khớp");

    // A colleague in another role sees the case and is told that the step is not theirs.
    let colleague = office.sign_in("sen").await;
    let page = colleague.get(&desk).await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows("Bước này dành cho Công chức một cửa.");
    assert!(!page.text.contains("name=\"outcome\""));
}

#[tokio::test]
async fn a_change_meanwhile_is_told_and_nothing_typed_is_lost() {
    let office = Office::new().await;
    office.submit().await;
    let (lua, man) = (office.sign_in("lua").await, office.sign_in("man").await);
    let desk = desk_of(&lua.get("/can-bo").await);
    let page = man.get(&desk).await;
    let stale = [
        ("version", "0"),
        ("outcome", "accept"),
        ("note", "Ghi chú của Mận"),
        ("papers.old_copy", "true"),
    ];
    let told = man.send(&page, &desk, &stale).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    told.shows("Hồ sơ vừa thay đổi");
    told.shows("Ghi chú của Mận");
    assert_eq!(told.hidden("version"), page.hidden("version"), "the next press counts");

    // Lúa is faster.
    let own = lua.get(&desk).await;
    let fields = decision(&own, "accept", &[("papers.old_copy", "true")]);
    assert_eq!(
        lua.send(&own, &desk, &pairs(&fields)).await.status,
        StatusCode::SEE_OTHER
    );
    let fields = decision(
        &told,
        "accept",
        &[("papers.old_copy", "true"), ("note", "Ghi chú của Mận")],
    );
    let late = man.send(&told, &desk, &pairs(&fields)).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.shows("Trần Văn Lúa");
    late.shows("Ghi chú của Mận");
    let closed = man.get(&desk).await;
    assert_eq!(closed.status, StatusCode::OK);
    closed.shows("Trần Văn Lúa");
    closed.shows("Tiếp nhận hồ sơ");
}

// shows: R081
#[tokio::test]
async fn supplements_are_asked_for_at_once_on_a_page_of_their_own() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let clerk = office.sign_in("lua").await;
    let desk = desk_of(&clerk.get("/can-bo").await);
    let page = clerk.get(&desk).await;
    let fields = decision(&page, "supplement", &[("papers.old_copy", "false")]);
    let sheet = clerk.send(&page, &desk, &pairs(&fields)).await;
    assert_eq!(sheet.status, StatusCode::OK);
    sheet.shows("Yêu cầu bổ sung hồ sơ");
    sheet.shows("name=\"papers.old_copy\" value=\"false\" checked");
    sheet.shows("name=\"ask.answer.phone\"");
    sheet.shows("name=\"ask.paper.authorisation\"");
    let mut fields = decision(
        &sheet,
        "supplement",
        &[
            ("buoc", "2"),
            ("papers.old_copy", "false"),
            ("ask.answer.phone", "true"),
            ("what.answer.phone", "Thiếu một số"),
        ],
    );
    let told = clerk.send(&sheet, &desk, &pairs(&fields)).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    told.shows("Xin ghi rõ cần bổ sung những gì.");
    told.shows("Thiếu một số");
    fields.push(("what.paper.old_copy", "Ảnh bị mờ".to_owned()));
    let asked = clerk.send(&told, &desk, &pairs(&fields)).await;
    assert_eq!(asked.location(), "/can-bo?da=desk_supplement");
    let waiting = clerk.get("/can-bo?hop=waiting").await;
    waiting.shows(&submitted.code);
    waiting.shows("Đồng hồ đang dừng");
    let case = clerk.get(&format!("/can-bo/ho-so/{}", submitted.id)).await;
    case.shows("Ảnh bị mờ");
    case.shows("Phiếu yêu cầu bổ sung");
}

// shows: R082
#[tokio::test]
async fn a_refusal_has_reasons_and_ends_the_case() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let clerk = office.sign_in("lua").await;
    let desk = desk_of(&clerk.get("/can-bo").await);
    let sheet = clerk.get(&format!("{desk}?chon=refuse")).await;
    sheet.shows("Không tìm thấy việc đăng ký hộ tịch này");
    let fields = decision(&sheet, "refuse", &[("buoc", "2")]);
    let told = clerk.send(&sheet, &desk, &pairs(&fields)).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    told.shows("Từ chối phải có lý do.");
    let fields = decision(
        &told,
        "refuse",
        &[("buoc", "2"), ("refusal_reasons", "not_registered_here")],
    );
    let refused = clerk.send(&told, &desk, &pairs(&fields)).await;
    assert_eq!(refused.location(), "/can-bo?da=desk_refused");
    clerk
        .get(&format!("/can-bo/ho-so/{}", submitted.id))
        .await
        .shows("Từ chối");
}

#[tokio::test]
async fn a_leader_gives_work_to_a_colleague() {
    let office = Office::new().await;
    office.submit().await;
    let clerk = office.sign_in("lua").await;
    let desk = desk_of(&clerk.get("/can-bo").await);
    let leader = office.sign_in("tram").await;
    let page = leader.get(&desk).await;
    page.shows("Giao việc này cho người khác");
    let man = between(
        page.text
            .split("Phan Thị Mận")
            .next()
            .unwrap()
            .rsplit("<option")
            .next()
            .unwrap(),
        "value=\"",
        "\"",
    );
    let nobody = leader.send(&page, &format!("{desk}/giao"), &[("account", "")]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    nobody.shows("Hãy chọn người được giao việc.");
    let given = leader.send(&page, &format!("{desk}/giao"), &[("account", &man)]).await;
    assert_eq!(given.location(), format!("{desk}?da=desk_assigned"));
    let page = clerk.get(&desk).await;
    page.shows("Phan Thị Mận đang giữ việc này.");
    assert!(!page.text.contains("name=\"outcome\""), "it is not Lúa's any more");
    let refused = clerk.send(&page, &format!("{desk}/nhan"), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.shows("Phan Thị Mận");
}

// shows: R070
#[tokio::test]
async fn the_counter_takes_a_case_in_for_somebody() {
    let office = Office::new().await;
    let clerk = office.sign_in("lua").await;
    let start = clerk.get("/can-bo/tiep-nhan").await;
    start.shows("Bản sao giấy hộ tịch");
    let page = clerk.get(&format!("/can-bo/tiep-nhan?thu-tuc={APP}")).await;
    let wrong = clerk
        .send(
            &page,
            "/can-bo/tiep-nhan/nguoi",
            &[("app", APP), ("personal_number", "12")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.shows("đúng 12 chữ số");
    let unknown = [("app", APP), ("personal_number", "093190099999")];
    clerk
        .send(&page, "/can-bo/tiep-nhan/nguoi", &unknown)
        .await
        .shows("Chưa có người mang số này");
    let known = [("app", APP), ("personal_number", NUMBER)];
    let found = clerk.send(&page, "/can-bo/tiep-nhan/nguoi", &known).await;
    found.shows("Nguyễn Thị Lan");
    found.shows("02/05/1990");
    let begin = [("app", APP), ("personal_number", NUMBER), ("channel", "counter")];
    let begun = clerk.send(&found, "/can-bo/tiep-nhan/bat-dau", &begin).await;
    let first = begun.location().to_owned();
    let draft = first.rsplit_once('/').unwrap().0.to_owned();

    let mut next = first;
    for (name, fields) in ANSWERS {
        assert!(next.ends_with(name), "{next} is not {name}");
        let page = clerk.get(&next).await;
        if *name == "requester" {
            page.shows("Nguyễn Thị Lan");
        }
        let saved = clerk.send(&page, &next, fields).await;
        next = saved.location().to_owned();
    }
    let page = clerk.get(&next).await;
    let check = clerk.send(&page, &next, &[]).await;
    assert_eq!(check.location(), format!("{draft}/kiem-tra"));
    let page = clerk.get(check.location()).await;
    page.shows("Ủy ban nhân dân phường Ngã Bảy");
    let hand_in = format!("{draft}/nop");
    let told = clerk.send(&page, &hand_in, &[]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    told.shows("Hãy hỏi người nộp");
    let taken = clerk.send(&page, &hand_in, &[("cam_doan", "true")]).await;
    let desk = taken.location().strip_suffix("?da=desk_taken_in").unwrap().to_owned();
    let page = clerk.get(&desk).await;
    page.shows("Bạn đang giữ việc này.");
    page.shows("Nộp tại quầy");
    let fields = decision(&page, "accept", &[]);
    let accepted = clerk.send(&page, &desk, &pairs(&fields)).await;
    assert!(
        accepted.location().starts_with("/can-bo/ho-so/"),
        "{}",
        accepted.location()
    );
    let case = clerk.get(accepted.location()).await;
    case.shows("Mở giấy tiếp nhận để in");
    // A second press leads to the case, not to a second one.
    let again = clerk.send(&page, &hand_in, &[("cam_doan", "true")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let specialist = office.sign_in("sen").await;
    assert_eq!(specialist.get("/can-bo/tiep-nhan").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_apology_needs_a_reason_and_a_day() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let clerk = office.sign_in("lua").await;
    let desk = desk_of(&clerk.get("/can-bo").await);
    let page = clerk.get(&desk).await;
    let fields = decision(&page, "accept", &[("papers.old_copy", "true")]);
    clerk.send(&page, &desk, &pairs(&fields)).await;
    let case = format!("/can-bo/ho-so/{}", submitted.id);
    let leader = office.sign_in("tram").await;
    let page = leader.get(&case).await;
    page.shows("Xin lỗi và hẹn lại");
    let form = format!("{case}/xin-loi");
    let told = leader
        .send(
            &page,
            &form,
            &[
                ("reason", ""),
                ("new_day.day", "31"),
                ("new_day.month", "2"),
                ("new_day.year", "2026"),
            ],
        )
        .await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    told.shows("Hãy ghi lý do.");
    told.shows("Ngày này không có trong lịch.");
    let day_off = [
        ("reason", "Sổ cũ phải tra ở kho"),
        ("new_day.day", "8"),
        ("new_day.month", "3"),
        ("new_day.year", "2026"),
    ];
    let told = leader.send(&page, &form, &day_off).await;
    told.shows("ngày nghỉ");
    told.shows("Sổ cũ phải tra ở kho");
    let good = [
        ("reason", "Sổ cũ phải tra ở kho"),
        ("new_day.day", "6"),
        ("new_day.month", "3"),
        ("new_day.year", "2026"),
    ];
    // What the agency says to its people asks anew who is there, and keeps what was typed.
    office.scratch.clock.advance(chrono::Duration::minutes(16));
    let asked = leader.send(&page, &form, &good).await;
    asked
        .is(StatusCode::FORBIDDEN)
        .shows("Xác thực lại")
        .shows("name=\"reason\" value=\"Sổ cũ phải tra ở kho\"");
    let shown: Vec<_> = good.into_iter().chain([("mat_khau.lai", PASSWORD)]).collect();
    let sent = leader.send(&asked, &form, &shown).await;
    assert_eq!(sent.location(), format!("{case}?da=desk_apologised"));
    leader
        .get(sent.location())
        .await
        .shows("Phiếu xin lỗi và hẹn lại ngày trả kết quả");
}

#[tokio::test]
async fn the_calendar_is_read_by_all_and_changed_by_administrators() {
    let office = Office::new().await;
    let clerk = office.sign_in("lua").await;
    let path = "/can-bo/lich-lam-viec";
    let page = clerk.get(path).await;
    page.shows("Lịch làm việc năm 2026");
    page.shows("Chỉ người quản trị mới sửa được");
    let day = [
        ("nam", "2026"),
        ("kind", "off"),
        ("from.day", "10"),
        ("from.month", "3"),
        ("from.year", "2026"),
        ("name", "Ngày thử"),
    ];
    assert_eq!(clerk.send(&page, path, &day).await.status, StatusCode::FORBIDDEN);

    let admin = office.sign_in("quan").await;
    let page = admin.get(path).await;
    let saved = admin.send(&page, path, &day).await;
    assert_eq!(saved.location(), format!("{path}?nam=2026&da=desk_calendar_saved"));
    let page = admin.get(saved.location()).await;
    page.shows("Ngày thử");
    let off = "2026-03-10".parse().unwrap();
    use workflow::CalendarSource;
    assert!(
        !office.engines.calendar.calendar().is_working_day(off),
        "deadlines reckon with it at once"
    );
    let twice = admin.send(&page, path, &day).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    twice.shows("ghi hai lần");
    let removed = admin
        .send(
            &page,
            &format!("{path}/xoa"),
            &[("kind", "off"), ("date", "2026-03-10")],
        )
        .await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert!(office.engines.calendar.calendar().is_working_day(off));
    let nothing = admin.send(&page, path, &[("nam", "2026")]).await;
    nothing.shows("Hãy chọn ngày nghỉ hoặc ngày làm bù.");
}

#[tokio::test]
async fn the_yearly_announcement_makes_another_year_known() {
    let office = Office::new().await;
    let admin = office.sign_in("quan").await;
    let path = "/can-bo/lich-lam-viec";
    let confirm = format!("{path}/cong-bo");
    let page = admin.get(&format!("{path}?nam=2027")).await;
    page.shows("Năm 2027 đã có thông báo nghỉ lễ, Tết");
    page.shows("Lịch nghỉ năm này chưa có công bố chính thức.");
    let rest = [
        ("nam", "2027"),
        ("kind", "off"),
        ("from.day", "13"),
        ("from.month", "12"),
        ("from.year", "2027"),
        ("to.day", "17"),
        ("to.month", "12"),
        ("to.year", "2027"),
        ("name", "Tuần lễ thử"),
    ];
    let saved = admin.send(&page, path, &rest).await;
    assert_eq!(saved.location(), format!("{path}?nam=2027&da=desk_calendar_saved"));
    let unnamed = admin.send(&page, &confirm, &[("nam", "2027"), ("notice", " ")]).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    unnamed.shows("Hãy ghi thông báo nào");
    let too_early = admin
        .send(&page, &confirm, &[("nam", "2028"), ("notice", "Thông báo 9")])
        .await;
    assert_eq!(too_early.status, StatusCode::CONFLICT);
    too_early.shows("Năm 2027 chưa được xác nhận");

    let told = [("nam", "2027"), ("notice", "Thông báo số 12/TB-BNV")];
    let done = admin.send(&page, &confirm, &told).await;
    assert_eq!(done.location(), format!("{path}?nam=2027&da=desk_calendar_announced"));
    let page = admin.get(done.location()).await;
    page.shows("Theo Thông báo số 12/TB-BNV.");
    page.shows("đến hết ngày 31/12/2027");
    use workflow::CalendarSource;
    let calendar = office.engines.calendar.calendar();
    assert_eq!(calendar.known_until().to_string(), "2027-12-31");
    assert!(!calendar.is_working_day("2027-12-15".parse().unwrap()));
}

#[tokio::test]
async fn every_page_of_an_official_speaks_english_too() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let clerk = office.sign_in("lua").await;
    let desk = desk_of(&clerk.get("/can-bo").await);
    let english = office.sign_in("lua").await.in_english();
    for path in [
        "/can-bo",
        "/can-bo?hop=late&q=khong&thu-tuc=civil-extract",
        &desk,
        &format!("{desk}?chon=supplement"),
        &format!("{desk}?chon=refuse"),
        &format!("/can-bo/ho-so/{}", submitted.id),
        "/can-bo/tiep-nhan",
        "/can-bo/tiep-nhan?thu-tuc=civil-extract",
        "/can-bo/tim?q=lan",
        "/can-bo/tra-ket-qua",
        "/can-bo/so-theo-doi",
        "/can-bo/lich-lam-viec?nam=2027",
    ] {
        let page = english.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.shows("<html lang=\"en\">");
        assert!(
            !page.text.contains("[desk.") && !page.text.contains("[apps."),
            "{path} has a raw key"
        );
    }
}

// shows: R379
#[tokio::test]
async fn an_approval_and_an_export_ask_anew_who_is_there_and_keep_what_was_typed() {
    let office = Office::new().await;
    let submitted = office.submit().await;
    let (clerk, specialist) = (office.sign_in("lua").await, office.sign_in("sen").await);
    let leader = office.sign_in("tram").await;
    office.scratch.clock.advance(chrono::Duration::minutes(16));
    // Clerk and specialist prepare; nobody asks.
    let desk = desk_of(&clerk.get("/can-bo").await);
    let page = clerk.get(&desk).await;
    let accept = decision(&page, "accept", &[("papers.old_copy", "true")]);
    let done = clerk.send(&page, &desk, &pairs(&accept)).await;
    assert_eq!(done.location(), "/can-bo?da=desk_accepted");
    let desk = desk_of(&specialist.get("/can-bo").await);
    let page = specialist.get(&desk).await;
    let propose = decision(&page, "propose", FACTS);
    let done = specialist.send(&page, &desk, &pairs(&propose)).await;
    assert_eq!(done.location(), "/can-bo?da=desk_advanced");

    let desk = desk_of(&leader.get("/can-bo").await);
    let page = leader.get(&desk).await;
    let approve = decision(&page, "approve", &[("note", "Đồng ý & ký")]);
    let asked = leader.send(&page, &desk, &pairs(&approve)).await;
    asked.is(StatusCode::FORBIDDEN).shows("Xác thực lại");
    assert!(
        asked.text.contains(&format!("action=\"{desk}\"")),
        "to the very same act"
    );
    for (name, value) in [("outcome", "approve"), ("version", &page.hidden("version"))] {
        assert_eq!(asked.hidden(name), value);
    }
    asked.shows("name=\"note\" value=\"Đồng ý &amp; ký\"");
    let mut wrong = approve.clone();
    wrong.push(("mat_khau.lai", "sai mật khẩu".to_owned()));
    let told = leader.send(&asked, &desk, &pairs(&wrong)).await;
    told.is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Mật khẩu không đúng")
        .shows("Đồng ý &amp; ký")
        .hides("sai mật khẩu");
    let mut right = approve.clone();
    right.push(("mat_khau.lai", PASSWORD.to_owned()));
    let done = leader.send(&told, &desk, &pairs(&right)).await;
    assert_eq!(done.location(), "/can-bo?da=desk_advanced");
    let own = office.sign_in("lan").await;
    own.get(&format!("/ho-so-cua-toi/{}", submitted.id))
        .await
        .shows("01/1990");

    // The clerk takes the ledger out.
    let ledger = clerk.get("/can-bo/so-theo-doi").await;
    ledger.shows("Tải về bảng CSV");
    let out = "/can-bo/so-theo-doi/tai-ve";
    let asked = clerk.get(out).await;
    asked.is(StatusCode::FORBIDDEN).shows("Xác thực lại");
    let (from, to) = (asked.hidden("tu"), asked.hidden("den"));
    let fields = [("tu", from.as_str()), ("den", &to), ("mat_khau.lai", PASSWORD)];
    let back = clerk.send(&asked, out, &fields).await;
    assert_eq!(
        back.location(),
        format!("/can-bo/so-theo-doi?tu={from}&den={to}&da=desk_shown_again")
    );
    let file = clerk.get(out).await;
    file.is(StatusCode::OK);
    assert!(file.text.contains(&submitted.code));

    // So does taking money.
    office.scratch.clock.advance(chrono::Duration::minutes(16));
    let pay = format!("/can-bo/ho-so/{}/thu-phi", submitted.id);
    let fields = [("fee", "copy"), ("receipt_number.copy", "BL-0001")];
    let page = clerk.get(&format!("/can-bo/ho-so/{}", submitted.id)).await;
    let asked = clerk.send(&page, &pay, &fields).await;
    asked.is(StatusCode::FORBIDDEN).shows("value=\"BL-0001\"");
    let shown: Vec<_> = fields.into_iter().chain([("mat_khau.lai", PASSWORD)]).collect();
    for press in 1..=2 {
        let paid = clerk.send(&asked, &pay, &shown).await;
        assert_eq!(
            paid.location(),
            format!("/can-bo/ho-so/{}?da=desk_paid", submitted.id),
            "press {press}"
        );
    }
}
