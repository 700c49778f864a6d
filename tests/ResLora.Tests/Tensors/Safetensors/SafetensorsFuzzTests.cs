using FsCheck;
using FsCheck.Fluent;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

/// <summary>Damaged files either open and read, or are refused as broken: nothing else ever happens.</summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private const int Runs = 3000;
    private const ulong Seed = 20240229;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_RandomBytesChanged_OpensOrIsRefused()
    {
        var valid = ValidFile();
        // Most damage goes where the rules are: the prefix and the header; letters that JSON knows get further than noise.
        var position = Gen.Frequency((1, Gen.Choose(0, 15)), (6, Gen.Choose(8, valid.Length - 1)));
        var value = Gen.OneOf(Gen.Choose(0, 255).Select(number => (byte)number), Gen.Elements("0123456789-.{}[]\",:eU\\ \n"u8.ToArray()));
        var changes = Gen.Zip(position, value).NonEmptyListOf().Where(list => list.Count <= 6);

        Check(changes.ToArbitrary(), list =>
        {
            var damaged = (byte[])valid.Clone();
            foreach (var (at, to) in list)
            {
                damaged[at] = to;
            }

            return damaged;
        });
    }

    [Fact]
    public void Open_CutOrLengthened_OpensOrIsRefused()
    {
        var valid = ValidFile();
        var length = Gen.Choose(0, valid.Length + 20).ToArbitrary();

        Check(length, count => [.. valid.Take(count), .. new byte[Math.Max(0, count - valid.Length)]]);
    }

    [Fact]
    public void Open_PiecesSwapped_OpensOrIsRefused()
    {
        var valid = ValidFile();
        var spans = Gen.Zip(Gen.Zip(Gen.Choose(8, valid.Length - 1), Gen.Choose(8, valid.Length - 1)), Gen.Choose(1, 40)).ToArbitrary();

        Check(spans, span =>
        {
            var ((from, to), length) = span;
            var damaged = (byte[])valid.Clone();
            var count = Math.Min(length, valid.Length - Math.Max(from, to));
            valid.AsSpan(from, count).CopyTo(damaged.AsSpan(to));
            return damaged;
        });
    }

    private void Check<T>(Arbitrary<T> inputs, Func<T, byte[]> damage)
    {
        var opened = 0;
        var config = Config.QuickThrowOnFailure.WithMaxTest(Runs).WithReplay(Seed, 1);

        Prop.ForAll(inputs, input => opened += OpensAndReads(_folder.Write("fuzz.safetensors", damage(input))) ? 1 : 0).Check(config);

        // Both outcomes happened, or the damage would prove nothing.
        Assert.InRange(opened, 1, Runs - 1);
    }

    private static bool OpensAndReads(string path)
    {
        try
        {
            using var scope = NewDisposeScope();
            using var reader = SafetensorsReader.Open(path);
            foreach (var entry in reader.Entries.Values)
            {
                using var tensor = reader.Read(entry.Name);
                Assert.Equal(entry.Shape, tensor.shape);
                _ = tensor.sum();
            }

            return true;
        }
        catch (FileFormatException)
        {
            return false;
        }
    }

    private byte[] ValidFile()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["valid.safetensors"],
        [
            new("a", arange(4, ScalarType.Float32).reshape(2, 2)),
            new("b", zeros([3], ScalarType.BFloat16)),
            new("c", ones([2], ScalarType.Bool)),
            new("d", tensor(5L)),
            new("e", zeros([0, 2], ScalarType.Float64)),
        ]);
        return File.ReadAllBytes(_folder["valid.safetensors"]);
    }
}
