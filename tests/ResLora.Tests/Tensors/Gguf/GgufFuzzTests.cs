using FsCheck;
using FsCheck.Fluent;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Gguf;

/// <summary>Damaged files either open and read, or are refused as broken: nothing else ever happens.</summary>
public sealed class GgufFuzzTests : IDisposable
{
    private const int Runs = 3000;
    private const ulong Seed = 20240229;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_RandomBytesChanged_OpensOrIsRefused()
    {
        CheckChanges(ValidFile());
    }

    [Fact]
    public void Open_RandomBytesOfBlocksChanged_OpensOrIsRefused()
    {
        // ggml's numbers of the types in blocks that are read, and of one that is listed only.
        uint[] types = [2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 20, 29];
        const int room = 320;   // more than the longest of 256 numbers
        var file = new RawGguf { DataLength = room * types.Length }.Key("general.architecture", 8, RawGguf.Text("llama"));
        foreach (var (index, type) in types.Index())
        {
            file.Tensor($"t{type}", [256], type, (ulong)(room * index));
        }

        CheckChanges(file.Build());
    }

    [Fact]
    public void Open_CutOrLengthened_OpensOrIsRefused()
    {
        var valid = ValidFile();

        Check(
            Gen.Choose(0, valid.Length + 40).ToArbitrary(),
            count => [.. valid.Take(count), .. new byte[Math.Max(0, count - valid.Length)]]);
    }

    [Fact]
    public void Open_PiecesSwapped_OpensOrIsRefused()
    {
        var valid = ValidFile();
        var spans = Gen.Zip(Gen.Zip(Gen.Choose(4, valid.Length - 1), Gen.Choose(4, valid.Length - 1)), Gen.Choose(1, 40)).ToArbitrary();

        Check(spans, span =>
        {
            var ((from, to), length) = span;
            var damaged = (byte[])valid.Clone();
            var count = Math.Min(length, valid.Length - Math.Max(from, to));
            valid.AsSpan(from, count).CopyTo(damaged.AsSpan(to));
            return damaged;
        });
    }

    private void CheckChanges(byte[] valid)
    {
        var value = Gen.OneOf(Gen.Choose(0, 255).Select(number => (byte)number), Gen.Elements<byte>(0, 1, 2, 8, 9, 0x7F, 0x80, 0xFF));
        var changes = Gen.Zip(Gen.Choose(0, valid.Length - 1), value).NonEmptyListOf().Where(list => list.Count <= 6);

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

    private void Check<T>(Arbitrary<T> inputs, Func<T, byte[]> damage)
    {
        var opened = 0;
        var config = Config.QuickThrowOnFailure.WithMaxTest(Runs).WithReplay(Seed, 1);

        Prop.ForAll(inputs, input => opened += OpensAndReads(_folder.Write("fuzz.gguf", damage(input))) ? 1 : 0).Check(config);

        // Both outcomes happened, or the damage would prove nothing.
        Assert.InRange(opened, 1, Runs - 1);
    }

    private static bool OpensAndReads(string path)
    {
        try
        {
            using var scope = NewDisposeScope();
            using var reader = GgufFile.Open(path);
            foreach (var entry in reader.Entries.Values)
            {
                using var tensor = reader.Read(entry.Name);
                Assert.Equal(entry.Shape, tensor.shape);
                _ = tensor.sum();
            }

            return true;
        }
        catch (ResLoraException)
        {
            return false;
        }
    }

    private byte[] ValidFile()
    {
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add("size", 7u);
        metadata.Add("tokens", ["a", "bc", ""]);
        metadata.Add("scores", [1f, -2f]);
        metadata.Add("flag", true);
        GgufWriter.Write(_folder["valid.gguf"], metadata,
        [
            new("a", [2, 32], GgufWeightType.Q8, () => arange(64, float32).reshape(2, 32)),
            new("b", [3], GgufWeightType.F16, () => ones(3)),
            new("c", [2, 2], GgufWeightType.BF16, () => ones(2, 2)),
        ]);
        return File.ReadAllBytes(_folder["valid.gguf"]);
    }
}
