//! The pages. Each says in big letters that it is a simulator; the words stand in `pages/`.

use crate::flow::Asked;
use crate::{Human, Provider};

const FRAME: &str = include_str!("../pages/frame.html");
const CHOOSE: &str = include_str!("../pages/choose.html");
const ABOUT: &str = include_str!("../pages/about.html");
const GONE: &str = include_str!("../pages/gone.html");
const REFUSED: &str = include_str!("../pages/refused.html");
const VNEID: &str = "VNeID";
const PORTAL: &str = "Cổng Dịch vụ công quốc gia";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn framed(name: &str, body: &str) -> String {
    FRAME.replace("{name}", name).replace("{body}", body)
}

const fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::Vneid => VNEID,
        Provider::NationalPortal => PORTAL,
    }
}

pub(crate) fn choose(provider: Provider, people: &[Human], asked: &Asked) -> String {
    let rows: String = people
        .iter()
        .enumerate()
        .map(|(index, human)| {
            format!(
                "<li><button name=\"human\" value=\"{index}\"><strong>{}</strong> {}<small>{}</small></button></li>",
                escaped(&human.name),
                escaped(&human.number),
                escaped(&human.note)
            )
        })
        .collect();
    let carried: String = [
        ("response_type", "code"),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
        ("nonce", &asked.nonce),
        ("code_challenge", &asked.code_challenge),
    ]
    .iter()
    .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value)))
    .collect();
    let body = CHOOSE
        .replace("{action}", provider.authorize())
        .replace("{carried}", &carried)
        .replace("{people}", &rows);
    framed(name(provider), &body)
}

pub(crate) fn about(addresses: &str) -> String {
    let name = format!("{VNEID}, {PORTAL}");
    framed(&name, &ABOUT.replace("{addresses}", &escaped(addresses)))
}

pub(crate) fn gone(provider: Provider) -> String {
    framed(name(provider), &GONE.replace("{name}", name(provider)))
}

pub(crate) fn refused(provider: Provider) -> String {
    framed(name(provider), REFUSED)
}
