//! A statement as a table (RFC 4180).

use mainstay_model::ledger::StatementLine;

const HEAD: &str = "sequence,created_at,kind,amount,balance,reason,cause,transfer_id\r\n";

/// The lines, with a line of names.
pub(crate) fn table(lines: &[StatementLine]) -> String {
    let mut table = HEAD.to_owned();
    for line in lines {
        let (entry, transfer) = (&line.entry, &line.transfer);
        let fields = [
            entry.sequence.to_string(),
            transfer.created_at.to_string(),
            transfer.kind.to_string(),
            entry.amount.to_string(),
            entry.balance.to_string(),
            words(&transfer.reason),
            words(&transfer.cause),
            transfer.id.to_string(),
        ];
        table.push_str(&fields.join(","));
        table.push_str("\r\n");
    }
    table
}

/// Text of people, quoted. What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection").
fn words(text: &str) -> String {
    let begins = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let mark = if text.trim_start_matches('\u{feff}').starts_with(begins) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_and_no_formula() {
        for (text, written) in [
            ("coffee", "\"coffee\""),
            ("two, \"please\"", "\"two, \"\"please\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            // As some spreadsheets read it in East Asian languages, and behind a mark that none shows.
            ("＝1", "\"'＝1\""),
            ("\u{feff}=1", "\"'\u{feff}=1\""),
            ("-1", "\"'-1\""),
            ("@SUM", "\"'@SUM\""),
        ] {
            assert_eq!(words(text), written);
        }
    }
}
