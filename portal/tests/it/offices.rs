//! Positions, standing in and the preview of rights, walked through on a real database.

use axum::http::StatusCode;

use crate::{office::Office, town::between};

// shows: R035
#[tokio::test]
async fn a_leader_lets_a_colleague_stand_in_and_takes_it_back() {
    let office = Office::new().await;
    let leader = office.sign_in("tram").await;
    let page = leader.get("/tai-khoan/vi-tri").await;
    page.is(StatusCode::OK).shows("Ủy quyền cho đồng nghiệp");
    let colleague = between(&page.text, "<option value=\"0", "\"");
    let colleague = format!("0{colleague}");
    let empty = leader
        .send(&page, "/tai-khoan/vi-tri/uy-quyen", &[("reason", "Nghỉ phép")])
        .await;
    empty
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Chọn người được ủy quyền.")
        .shows("Nghỉ phép");
    let fields = [
        ("substitute", colleague.as_str()),
        ("roles", "leader"),
        ("from.day", "2"),
        ("from.month", "3"),
        ("from.year", "2026"),
        ("to.day", "4"),
        ("to.month", "3"),
        ("to.year", "2026"),
        ("reason", "Nghỉ phép"),
    ];
    let lent = leader.send(&page, "/tai-khoan/vi-tri/uy-quyen", &fields).await;
    assert_eq!(lent.location(), "/tai-khoan/vi-tri?da=substitution_given");
    let again = leader.send(&page, "/tai-khoan/vi-tri/uy-quyen", &fields).await;
    again.is(StatusCode::CONFLICT);
    let page = leader.get("/tai-khoan/vi-tri").await;
    page.shows("từ 02/03/2026 đến hết 04/03/2026").shows("đang có hiệu lực");
    let id = page.hidden("id");
    let taken = leader.send(&page, "/tai-khoan/vi-tri/ket-thuc", &[("id", &id)]).await;
    assert_eq!(taken.location(), "/tai-khoan/vi-tri?da=substitution_ended");
    leader.get("/tai-khoan/vi-tri").await.shows("đã kết thúc trước hạn");
    // As a citizen nothing is lent, and the way back is one press.
    let page = leader.get("/tai-khoan/vi-tri").await;
    let own = leader.send(&page, "/tai-khoan/vi-tri", &[("vi_tri", "")]).await;
    assert_eq!(own.location(), "/tai-khoan/vi-tri?da=position_chosen");
    let page = leader.get("/tai-khoan/vi-tri").await;
    page.hides("Người được ủy quyền");
    let position = page.hidden("vi_tri");
    let back = leader.send(&page, "/tai-khoan/vi-tri", &[("vi_tri", &position)]).await;
    assert_eq!(back.location(), "/can-bo?da=position_chosen");
}

#[tokio::test]
async fn rights_are_shown_to_whose_they_are_and_to_administrators() {
    let office = Office::new().await;
    let clerk = office.sign_in("lua").await;
    clerk
        .get("/can-bo/quyen")
        .await
        .is(StatusCode::OK)
        .shows("Tiếp nhận hồ sơ tại quầy")
        .hides("Đăng ký ứng dụng kết nối");
    clerk
        .get("/can-bo/quyen?tai_khoan=sen")
        .await
        .is(StatusCode::NOT_FOUND)
        .hides("Xử lý chuyên môn");
    clerk
        .in_english()
        .get("/can-bo/quyen")
        .await
        .shows("Take a dossier in at the counter");
}
