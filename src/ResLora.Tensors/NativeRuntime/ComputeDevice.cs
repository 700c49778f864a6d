using System.Globalization;
using ResLora.Formats.Errors;
using TorchSharp;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// The device that this process computes on: a CUDA device where libtorch sees one, else the processor. What gives a model to a user's
/// command asks here; a library that loads a model may take any device.
/// </summary>
/// <remarks>The choice is tested; no CUDA device was ever chosen by it: there was no GPU at hand.</remarks>
public static class ComputeDevice
{
    /// <summary>The environment variable that names the device: <c>cpu</c>, <c>cuda</c> or one of them, such as <c>cuda:1</c>.</summary>
    public const string Variable = "RESLORA_DEVICE";

    private const string Processor = "cpu", Cuda = "cuda", Numbered = Cuda + ":";

    /// <summary>
    /// This process's number, from 0, among those of its host that do one job: they take the host's devices in turns. Default 0.
    /// </summary>
    public static int LocalRank { get; set; }

    /// <summary>The device.</summary>
    /// <exception cref="ConfigException"><see cref="Variable"/> names a device that is not there, or none.</exception>
    public static torch.Device Current => new(Choose(Environment.GetEnvironmentVariable(Variable), LocalRank, CountDevices));

    /// <summary>Chooses among devices.</summary>
    /// <param name="wanted">What <see cref="Variable"/> says; null or empty for nothing.</param>
    /// <param name="localRank">As <see cref="LocalRank"/>.</param>
    /// <param name="countDevices">Counts the CUDA devices; called where it matters.</param>
    /// <returns>The device as libtorch names it: <c>cpu</c>, or such as <c>cuda:0</c>.</returns>
    /// <exception cref="ConfigException">The device is not there, or there is none of such a name.</exception>
    public static string Choose(string? wanted, int localRank, Func<int> countDevices)
    {
        ArgumentNullException.ThrowIfNull(countDevices);
        var devices = wanted == Processor ? 0 : countDevices();
        string InTurn() => string.Create(CultureInfo.InvariantCulture, $"{Numbered}{localRank % devices}");
        return wanted switch
        {
            Processor => Processor,
            null or "" => devices > 0 ? InTurn() : Processor,
            Cuda when devices > 0 => InTurn(),
            Cuda => throw new ConfigException(
                $"{Variable} is {Cuda}, and libtorch sees no CUDA device here; leave it out, or build with -p:TorchBackend=cuda on a "
                + "machine with one."),
            _ when wanted.StartsWith(Numbered, StringComparison.Ordinal)
                && int.TryParse(wanted.AsSpan(Numbered.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) =>
                number < devices
                    ? string.Create(CultureInfo.InvariantCulture, $"{Numbered}{number}")
                    : throw new ConfigException($"{Variable} is {wanted}, and libtorch sees {devices} CUDA devices here, counted from 0."),
            _ => throw new ConfigException($"{Variable} is '{wanted}'; it must be {Processor}, {Cuda} or {Numbered} and a number."),
        };
    }

    private static int CountDevices() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;
}
