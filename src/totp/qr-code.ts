import { create } from 'qrcode';

const QUIET_ZONE = 4; // ISO/IEC 18004 §9.1

/** A QR code as one SVG path of 1 × 1 modules in a square of `size` modules a side, the quiet zone included. */
export interface QrCode {
  readonly size: number;
  readonly path: string;
}

/** Draws text as a QR code that survives 15 % of damage. */
export function drawQrCode(text: string): QrCode {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const rows = Array.from({ length: modules.size }, (_, row) => drawRow(row, modules));
  return { size: modules.size + 2 * QUIET_ZONE, path: rows.join('') };
}

/** One rectangle for each run of dark modules. */
function drawRow(row: number, modules: { readonly size: number; get(row: number, column: number): number }): string {
  const dark = Array.from({ length: modules.size }, (_, column) => (modules.get(row, column) ? '1' : '0')).join('');
  const runs = [...dark.matchAll(/1+/g)];
  return runs
    .map(({ index, 0: run }) => `M${index + QUIET_ZONE} ${row + QUIET_ZONE}h${run.length}v1h-${run.length}z`)
    .join('');
}
