//! What both storage engines must do alike: one case for every outcome of every method of the contract.
//!
//! A case is an async function that gets an empty, migrated store. [`cases!`] lists them all; each engine's
//! `tests/conformance.rs` hands it a macro that makes one test of each, so a failure names its case. The coverage test of
//! this crate fails when a method of the contract is not called here.

pub mod audit;
pub mod ceremony;
pub mod identity;
pub mod inbox;
pub mod job;
pub mod key;
pub mod lease;
pub mod ledger;
pub mod ledger_books;
pub mod ledger_debts;
pub mod member;
pub mod merchant;
pub mod note;
pub mod offer;
pub mod outgoing;
pub mod passkey;
pub mod purchase;
pub mod raw;
pub mod redemption;
pub mod retention;
pub mod rotation;
pub mod sample;
pub mod seal;
pub mod session;
pub mod tenant;
pub mod transaction;
pub mod value;

use std::{future::Future, sync::Arc};

use mainstay_store::{Access, Store, Tx};

/// The store under test.
pub type AnyStore = Arc<dyn Store>;

/// Hands every case to a macro, by module.
#[macro_export]
macro_rules! cases {
    ($test:ident) => {
        $test! {
            audit { appends_one_chain, begins_after_what_was_removed, filters_and_orders, pages_the_chain, many_at_once_leave_no_gap, a_rollback_leaves_no_gap }
            ceremony {
                is_taken_once, is_taken_by_one_of_many, oauth_flow_is_taken_once, email_flow_is_newest_only,
                email_flow_counts_attempts, email_flows_are_forgotten, a_value_is_spent_once
            }
            identity { links_and_finds, is_listed_oldest_first, a_use_is_noted, is_removed_by_its_owner }
            inbox {
                is_recorded_once, a_changed_body_is_a_conflict, names_belong_to_their_source, many_at_once_record_each_event_once,
                is_settled_and_due, due_events_are_for_one_at_a_time, is_listed_newest_first
            }
            job { is_claimed_when_due, claims_never_overlap, fails_and_is_set_aside, batches_may_be_empty }
            key { signing_keys_are_a_ring, service_keys_live_and_die }
            lease { is_taken_and_renewed, is_taken_by_one_of_many, a_name_locks_others_out }
            ledger {
                a_batch_is_settled_in_order, a_key_happens_once, a_key_happens_once_among_many, a_key_has_one_meaning,
                a_wallet_never_goes_below_zero, opposite_transfers_do_not_lock_up, a_transfer_is_undone_once,
                a_statement_is_paged_and_filtered, a_locked_account_stands_still, a_closed_account_stays_closed, points_are_held_captured_and_released,
                a_hold_is_settled_once_among_many, points_run_out,
                random_histories_agree_with_a_tiny_ledger
            }
            ledger_books {
                accounts_are_paged, lines_and_totals_add_up, expired_holds_are_found, transfers_are_read_by_their_ids,
                days_are_closed_once, one_closes_at_a_time
            }
            ledger_debts { debts_are_paid_by_grants, a_first_debt_and_a_grant_at_once_cancel_out }
            member {
                is_found_by_what_is_known, who_is_active_is_found_together, an_address_belongs_to_one, is_changed_in_every_field, change_tells_outcomes,
                a_race_for_an_address_has_one_winner, a_race_of_changes_has_one_winner, a_lock_keeps_others_out,
                removal_takes_all_that_hangs_on_it, has_a_password, proof_needs_an_address
            }
            merchant { is_kept_as_written, is_changed_under_its_lock, is_paged_newest_first }
            note { is_kept_as_written, a_batch_is_one_statement, is_paged_newest_first, belongs_to_one_member, many_are_read_at_once }
            offer { is_kept_as_written, is_changed_and_counted, the_open_ones_are_listed, a_lock_keeps_others_out }
            outgoing {
                endpoints_live_and_die, endpoints_fail_and_are_disabled, secrets_overlap_while_they_rotate,
                events_go_to_those_who_want_them, deliveries_are_claimed_fairly, claims_of_deliveries_never_overlap,
                attempts_are_written_down, deliveries_are_sent_again, deliveries_are_paged,
                an_endpoint_is_not_removed_below_a_delivery
            }
            passkey { is_found_by_credential, is_listed_oldest_first, a_use_is_noted, belongs_to_one_member, a_lock_keeps_others_out }
            purchase {
                is_told_once_and_settled, refunds_add_up_and_the_newest_counts, is_claimable_by_its_keys, is_listed_newest_first,
                names_are_locked_before_they_are_there, days_are_for_one_at_a_time, rules_are_kept_and_end, links_belong_to_one_member,
                owners_are_found_together, a_member_who_is_gone_owns_nothing, a_hash_key_is_made_once
            }
            redemption {
                is_read_by_its_member_and_by_code, a_code_is_given_once, what_is_given_back_is_there_again,
                nothing_is_taken_that_is_not_there, is_paged_newest_first
            }
            retention { removes_what_ran_out, keeps_to_its_limit }
            rotation {
                replaces_the_newest_token, one_of_many_rotates, only_the_newest_rotates, first_use_is_noted_once,
                a_lock_shows_what_the_last_holder_left, a_batch_is_locked_and_rotated_together
            }
            seal { finds_what_begins_otherwise, replaces_what_was_read }
            session { is_found_by_id_and_token, lists_live_ones, is_touched_forward_only, is_revoked_once, all_but_one_are_revoked, the_oldest_are_revoked, is_removed }
            tenant { is_made_and_read, tells_outcomes, lists_by_name_and_age, ids_are_paged, never_loses_its_last_owner, is_not_joined_behind_a_removal }
            transaction {
                a_drop_rolls_back, a_commit_is_seen_by_the_next, nobody_sees_what_is_not_committed, a_snapshot_stands_still,
                a_read_sees_the_newest, only_writers_write, a_failed_statement_spoils_the_rest, an_abandoned_statement_spoils_the_rest,
                commits_and_drops_at_once_keep_apart, abandoned_beginnings_leave_nothing, errors_tell_no_values,
                a_closed_store_refuses, is_ready_and_current
            }
            value { long_text_is_kept, nul_is_refused, every_character_is_kept, moments_are_kept_to_the_microsecond, moments_beyond_are_refused }
        }
    };
}

/// Opens a write transaction.
pub async fn write(store: &AnyStore) -> Box<dyn Tx> {
    store.begin(Access::Write).await.expect("a write transaction")
}

/// Opens a read.
pub async fn read(store: &AnyStore) -> Box<dyn Tx> {
    store.begin(Access::Read).await.expect("a read")
}

/// Runs the same task many times at once, on several threads, and answers what each said.
pub async fn at_once<F, T>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(task(number))).collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.expect("a task of the case failed"));
    }
    answers
}
