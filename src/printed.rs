//! Pages to be printed or filed: whole by themselves, with nothing from outside.

use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "body{font:11pt/1.4 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#111}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #999}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0}\
th{border-bottom:1px solid #999}td:first-child{white-space:nowrap}.quiet{color:#555}\
.wide{max-width:none}.wide table{font-size:8.5pt}.wide td{border-top:1px solid #ddd;overflow-wrap:anywhere}\
.wide td:first-child{white-space:normal}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}thead{display:table-header-group}tr{break-inside:avoid}\
.wide{page:wide}}@page wide{size:landscape}";

/// A whole page. One that is `wide` has tables of many columns, and is printed in landscape.
pub(crate) fn page(title: &str, wide: bool, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (STYLE) }
            }
            body.wide[wide] { (content) }
        }
    }
    .into_string()
}
