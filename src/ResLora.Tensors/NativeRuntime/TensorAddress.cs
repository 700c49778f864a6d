using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>Where a tensor's numbers are, on any device. TorchSharp tells it of the processor's alone.</summary>
public static class TensorAddress
{
    /// <summary>The address of the first number.</summary>
    /// <param name="tensor">The tensor, borrowed.</param>
    /// <returns>An address in the memory of the tensor's device.</returns>
    public static nint Of(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var address = Data(tensor.Handle);
        CheckForErrors();
        return address;
    }

    // Of TorchSharp's native library: at::Tensor::data_ptr.
    [DllImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Data(nint handle);
}
