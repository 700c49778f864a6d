using FsCheck;
using FsCheck.Fluent;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Fuzzing;

/// <summary>
/// Thousands of damaged copies of one file, the same ones each time. Each opens and reads, or is refused as broken: nothing else ever
/// happens.
/// </summary>
/// <param name="valid">The file's content, undamaged.</param>
/// <param name="read">Opens the file at a path and reads all of it.</param>
/// <typeparam name="TRefusal">How a broken file is refused.</typeparam>
internal sealed class DamagedCopies<TRefusal>(byte[] valid, Action<string> read)
    where TRefusal : ResLoraException
{
    private const int Runs = 3000;
    private const ulong Seed = 20240229;

    /// <summary>One to six bytes are others.</summary>
    /// <param name="position">Where.</param>
    /// <param name="value">What stands there instead.</param>
    public void Change(Gen<int> position, Gen<byte> value)
    {
        var changes = Gen.Zip(position, value).NonEmptyListOf().Where(list => list.Count <= 6);

        Check(changes, list =>
        {
            var damaged = (byte[])valid.Clone();
            foreach (var (at, to) in list)
            {
                damaged[at] = to;
            }

            return damaged;
        });
    }

    /// <summary>The file ends early, or goes on with zeros.</summary>
    /// <param name="most">With how many zeros at the most.</param>
    public void CutOrLengthen(int most) =>
        Check(Gen.Choose(0, valid.Length + most), count => [.. valid.Take(count), .. new byte[Math.Max(0, count - valid.Length)]]);

    /// <summary>Up to 40 bytes of one place are written over another.</summary>
    /// <param name="from">The first place that may be read or written.</param>
    public void CopyPieces(int from)
    {
        var place = Gen.Choose(from, valid.Length - 1);

        Check(Gen.Zip(Gen.Zip(place, place), Gen.Choose(1, 40)), span =>
        {
            var ((source, target), length) = span;
            var damaged = (byte[])valid.Clone();
            valid.AsSpan(source, Math.Min(length, valid.Length - Math.Max(source, target))).CopyTo(damaged.AsSpan(target));
            return damaged;
        });
    }

    private void Check<T>(Gen<T> inputs, Func<T, byte[]> damage)
    {
        using var folder = new TemporaryFolder();
        var opened = 0;
        var config = Config.QuickThrowOnFailure.WithMaxTest(Runs).WithReplay(Seed, 1);

        Prop.ForAll(inputs.ToArbitrary(), input => opened += Reads(folder.Write("damaged", damage(input))) ? 1 : 0).Check(config);

        // Both outcomes happened, or the damage would prove nothing.
        Assert.InRange(opened, 1, Runs - 1);
    }

    private bool Reads(string path)
    {
        try
        {
            read(path);
            return true;
        }
        catch (TRefusal)
        {
            return false;
        }
    }
}
