using static TorchSharp.torch;

namespace ResLora.Tests.Training.Devices;

/// <summary>
/// Makes every tensor for which no device is named one of libtorch's meta device, which has no numbers, until it is disposed. Beside a
/// model on the processor such a tensor fails as a tensor of the processor does beside a model on a GPU, so that a device that was
/// forgotten shows without one.
/// </summary>
/// <remarks>
/// The model itself cannot be there: this libtorch has no normalisation, choice (where), table or convolution for that device.
/// </remarks>
internal sealed class DefaultDevice : IDisposable
{
    private readonly Device _before = get_default_device();

    private DefaultDevice() => set_default_device(META);

    /// <summary>Begins.</summary>
    public static DefaultDevice IsMeta() => new();

    public void Dispose() => set_default_device(_before);
}
