using FsCheck.Fluent;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Fuzzing;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

/// <summary>Damaged files either open and read, or are refused as broken: nothing else ever happens.</summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_RandomBytesChanged_OpensOrIsRefused()
    {
        var valid = ValidFile();
        // Most damage goes where the rules are: the prefix and the header; letters that JSON knows get further than noise.
        var position = Gen.Frequency((1, Gen.Choose(0, 15)), (6, Gen.Choose(8, valid.Length - 1)));
        var value = Gen.OneOf(Gen.Choose(0, 255).Select(number => (byte)number), Gen.Elements("0123456789-.{}[]\",:eU\\ \n"u8.ToArray()));

        new DamagedCopies<FileFormatException>(valid, Read).Change(position, value);
    }

    [Fact]
    public void Open_CutOrLengthened_OpensOrIsRefused() => new DamagedCopies<FileFormatException>(ValidFile(), Read).CutOrLengthen(20);

    [Fact]
    public void Open_PiecesCopied_OpensOrIsRefused() => new DamagedCopies<FileFormatException>(ValidFile(), Read).CopyPieces(8);

    private static void Read(string path)
    {
        using var scope = NewDisposeScope();
        using var reader = SafetensorsReader.Open(path);
        foreach (var entry in reader.Entries.Values)
        {
            using var tensor = reader.Read(entry.Name);
            Assert.Equal(entry.Shape, tensor.shape);
            _ = tensor.sum();
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
