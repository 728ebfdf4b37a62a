//! Addresses outside of the province: given on a page that needs no script, and read back everywhere.

use axum::http::StatusCode;

use crate::office::{ANSWERS, Office};

const HOME: &[(&str, &str)] = &[
    ("requester_name", "Nguyễn Thị Lan"),
    ("requester_number", "093190012345"),
    ("requester_residence.where", "outside"),
    ("requester_residence.province", "92"),
    ("requester_residence.place", "phường An Khánh, quận Ninh Kiều"),
    ("requester_residence.detail", "Số 1, đường Mẫu"),
];
const SHOWN: &str = "Số 1, đường Mẫu, phường An Khánh, quận Ninh Kiều, Thành phố Cần Thơ";

#[tokio::test]
async fn somebody_from_another_province_says_where_they_live() {
    let office = Office::new().await;
    let lan = office.sign_in("lan").await;
    let begin = "/thu-tuc/2.000635/bat-dau";
    let begun = lan.post(begin, begin, &[]).await;
    let base = begun.location().strip_suffix("/kind").unwrap().to_owned();
    for (page, fields) in ANSWERS {
        let at = format!("{base}/{page}");
        let shown = lan.get(&at).await;
        match *page {
            // Where the receiving agency is found by the ward there is no other choice.
            "place" => {
                shown.shows("name=\"registered_at.ward\"").hides("registered_at.where");
                let elsewhere = [
                    ("registered_at.province", "92"),
                    ("registered_at.place", "quận Ninh Kiều"),
                ];
                lan.post(&at, &at, &elsewhere)
                    .await
                    .is(StatusCode::UNPROCESSABLE_ENTITY);
                lan.post(&at, &at, fields).await.is(StatusCode::SEE_OTHER);
            }
            "requester" => {
                shown
                    .shows("Trong Tỉnh Hậu Giang")
                    .shows("Tỉnh, thành phố khác")
                    .shows("value=\"inside\" checked")
                    .shows("<option value=\"92\">Thành phố Cần Thơ</option>")
                    .hides("<option value=\"93\">");
                // The other half was filled in and the choice forgotten: told, and nothing is lost.
                let mut forgotten = HOME.to_vec();
                forgotten[2].1 = "inside";
                let told = lan.post(&at, &at, &forgotten).await;
                told.is(StatusCode::UNPROCESSABLE_ENTITY)
                    .shows("trong tỉnh hay tỉnh khác")
                    .shows("value=\"phường An Khánh, quận Ninh Kiều\"");
                lan.post(&at, &at, HOME).await.is(StatusCode::SEE_OTHER);
                lan.get(&at)
                    .await
                    .shows("value=\"outside\" checked")
                    .shows("<option value=\"92\" selected>");
            }
            _ => {
                lan.post(&at, &at, fields).await.is(StatusCode::SEE_OTHER);
            }
        }
    }
    let (papers, check) = (format!("{base}/papers"), format!("{base}/kiem-tra"));
    lan.post(&papers, &papers, &[]).await;
    lan.get(&check).await.shows(SHOWN);
    let sent = lan.post(&check, &format!("{base}/nop"), &[("cam_doan", "true")]).await;
    let home = sent.location().strip_suffix("/bien-nhan").unwrap().to_owned();
    lan.get(&home).await.shows(SHOWN);
    let id = home.rsplit('/').next().unwrap();
    let clerk = office.sign_in("lua").await;
    clerk.get(&format!("/can-bo/ho-so/{id}")).await.shows(SHOWN);
    let copy = lan.post(&home, &format!("{home}/ban-khai"), &[]).await;
    assert_eq!(copy.location(), format!("{home}?da=copy_made"));

    // The same in English, and asked for again of somebody who made a mistake there.
    let english = office.sign_in("lan").await.in_english();
    english.get(&home).await.shows(SHOWN);
    let begun = lan.post(begin, begin, &[("moi", "1")]).await;
    let base = begun.location().strip_suffix("/kind").unwrap().to_owned();
    english
        .get(&format!("{base}/requester"))
        .await
        .shows("In Tỉnh Hậu Giang")
        .shows("Another province or city");
}
