using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// A digest of the weights that a run starts from: those that an adapter leaves alone, or all of a model that is trained itself.
/// </summary>
internal static class BaseDigest
{
    // Small tensors whole; of larger ones as many bytes, in pieces from end to end: another model differs everywhere.
    private const long WholeBytes = 1 << 20;
    private const long Pieces = 64;

    /// <summary>The digest: names, shapes and dtypes, all values of a tensor up to 1 MiB, 64 pieces spread over a larger one.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="stage">Knows the weights that this process does not have; null where it has all.</param>
    public static string Of(TrainSetup setup, PipelineStage? stage)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var own = setup.Adapter is null ? [] : setup.Trainable.Select(p => p.Value.Handle).ToHashSet();
        foreach (var (name, parameter) in setup.Model.named_parameters().Where(p => !own.Contains(p.parameter.Handle)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $"{name} {parameter.dtype} [{string.Join(", ", parameter.shape)}]\n")));
            hash.AppendData(stage?.FromOwner(name, () => Sample(parameter)) ?? Sample(parameter));
        }

        const int shown = 12;
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..shown];
    }

    private static byte[] Sample(Tensor parameter)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var values = parameter.detach().cpu().contiguous().view(-1);
        using var sample = new MemoryStream();
        foreach (var (start, count) in Parts(values.numel(), values.element_size()))
        {
            sample.Write(values.narrow(0, start, count).bytes);
        }

        return sample.ToArray();
    }

    private static IEnumerable<(long Start, long Count)> Parts(long count, long elementBytes)
    {
        if (count * elementBytes <= WholeBytes)
        {
            return [(0, count)];
        }

        var piece = WholeBytes / Pieces / elementBytes;
        return Enumerable.Range(0, (int)Pieces).Select(i => ((count - piece) * i / (Pieces - 1), piece));
    }
}
