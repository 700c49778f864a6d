using ResLora.Models.Fused;

namespace ResLora.Tests.Models.Fused;

/// <summary>Turns the kernels on or off, and back to what they were: the switch is the whole process's.</summary>
internal sealed class KernelSwitch : IDisposable
{
    private readonly bool _before = FusedKernels.IsEnabled;

    public KernelSwitch(bool isOn) => FusedKernels.IsEnabled = isOn;

    public void Dispose() => FusedKernels.IsEnabled = _before;
}
