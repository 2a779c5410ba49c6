// One small bar for each hour, as high as it is beside the highest of them. In words for those who cannot see it.
import { counted } from "../../model/time-text.ts";

const [step, height] = [6, 28] as const;

export function Sparkline({ hours }: { readonly hours: readonly number[] }) {
  const most = Math.max(1, ...hours);
  const total = hours.reduce((sum, count) => sum + count, 0);
  const last = hours.at(-1) ?? 0;
  const label = `${counted(total, "failure")} in ${hours.length} hours, ${last} in this one`;
  return (
    <svg
      className="sparkline"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${hours.length * step} ${height}`}
      width={hours.length * step}
      height={height}
    >
      <title>{label}</title>
      <path className="sparkline-ground" d={`M0 ${height - 0.5}H${hours.length * step}`} />
      {hours.map((count, hour) => {
        const tall = count === 0 ? 0 : Math.max(2, (count / most) * (height - 2));
        return (
          <rect
            key={hour}
            className={hour === hours.length - 1 ? "present" : undefined}
            x={hour * step}
            y={height - tall}
            width={step - 2}
            height={tall}
          />
        );
      })}
    </svg>
  );
}
