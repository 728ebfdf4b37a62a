//! QR codes (ISO/IEC 18004) as SVG, drawn on the server: no script, no image request, nothing inline that a strict
//! content security policy would refuse.

use std::fmt::Write;

use fast_qr::{ECL, QRBuilder};

use crate::RenderFault;

/// Quiet zone around the code, in modules (the standard asks for four).
const QUIET: usize = 4;

/// The code as one `<svg>` element: black on white in either theme, error correction level M.
///
/// Fails with [`RenderFault::QrTooLong`].
pub fn svg(text: &str) -> Result<String, RenderFault> {
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|_| RenderFault::QrTooLong(text.len()))?;
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for row in 0..code.size {
        let mut column = 0;
        // One run of dark modules is one rectangle: a third of the size of a rectangle each.
        while column < code.size {
            if !code[row][column].value() {
                column += 1;
                continue;
            }
            let start = column;
            while column < code.size && code[row][column].value() {
                column += 1;
            }
            let run = column - start;
            let _ = write!(path, "M{} {}h{run}v1h-{run}z", start + QUIET, row + QUIET);
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\" focusable=\"false\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_one_square_element() {
        let drawn = svg("https://example.gov.vn/tra-cuu/H30-261123-0001").unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>"));
        assert!(
            drawn.contains("viewBox=\"0 0 37 37\"") || drawn.contains("viewBox=\"0 0 41 41\""),
            "{drawn}"
        );
        assert!(!drawn.contains("style="));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert!(matches!(svg(&"x".repeat(3000)), Err(RenderFault::QrTooLong(3000))));
    }

    #[test]
    fn never_repeats_the_text_as_markup() {
        assert!(!svg("<script>").unwrap().contains("script"));
    }
}
