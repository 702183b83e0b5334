import type { PersonFragment, ShownMessageFragment } from './operations';

export const nameOf = ({ firstName, username }: PersonFragment) => firstName || username;

export const textOf = ({ isDeleted, text }: ShownMessageFragment) => (isDeleted ? 'Deleted' : text);

/** Names and texts may run from right to left: neither turns the other around. */
export const previewOf = (message: ShownMessageFragment | null | undefined, me: string) => {
  if (!message) return 'Nothing said yet';
  const { sender } = message;
  return (
    <>
      <bdi>{sender.id === me ? 'You' : nameOf(sender)}</bdi>: <bdi>{textOf(message)}</bdi>
    </>
  );
};

/** Today the time, else the day. */
export const timeOf = (date: string) => {
  const then = new Date(date);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday
    ? then.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : then.toLocaleDateString([], { day: 'numeric', month: 'short' });
};

export const Avatar = ({ name }: { name: string }) => {
  const hue = [...name].reduce((sum, letter) => sum * 31 + letter.codePointAt(0)!, 7) % 360;
  return (
    <span className="avatar" style={{ backgroundColor: `hsl(${hue} 45% 45%)` }} aria-hidden>
      {[...name][0]?.toUpperCase()}
    </span>
  );
};
