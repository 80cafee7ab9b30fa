// Amounts of money, which the API counts in minor units of a currency.

/** How many digits a currency has after the point. */
export function minorDigits(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits ?? 0;
}
