using FsCheck.Fluent;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Fuzzing;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Gguf;

/// <summary>Damaged files either open and read, or are refused as broken: nothing else ever happens.</summary>
public sealed class GgufFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_RandomBytesChanged_OpensOrIsRefused() => CheckChanges(ValidFile());

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
    public void Open_CutOrLengthened_OpensOrIsRefused() => new DamagedCopies<ResLoraException>(ValidFile(), Read).CutOrLengthen(40);

    [Fact]
    public void Open_PiecesCopied_OpensOrIsRefused() => new DamagedCopies<ResLoraException>(ValidFile(), Read).CopyPieces(4);

    private static void CheckChanges(byte[] valid)
    {
        var value = Gen.OneOf(Gen.Choose(0, 255).Select(number => (byte)number), Gen.Elements<byte>(0, 1, 2, 8, 9, 0x7F, 0x80, 0xFF));

        new DamagedCopies<ResLoraException>(valid, Read).Change(Gen.Choose(0, valid.Length - 1), value);
    }

    private static void Read(string path)
    {
        using var scope = NewDisposeScope();
        using var reader = GgufFile.Open(path);
        foreach (var entry in reader.Entries.Values)
        {
            using var tensor = reader.Read(entry.Name);
            Assert.Equal(entry.Shape, tensor.shape);
            _ = tensor.sum();
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
