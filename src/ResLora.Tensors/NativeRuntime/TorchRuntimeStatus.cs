namespace ResLora.Tensors.NativeRuntime;

/// <summary>How the native library of TorchSharp was, or was not, made loadable.</summary>
/// <param name="CompatibilityCopyInUse">Whether the patched copy is loaded instead of the library that came with TorchSharp.</param>
/// <param name="LibraryPath">The path of the loaded library; null when TorchSharp's own search is left to find it.</param>
/// <param name="Message">One line on what was done, for verbose output.</param>
/// <param name="Problem">One sentence on why TorchSharp cannot work here and what to do; null when nothing is known against it.</param>
public sealed record TorchRuntimeStatus(bool CompatibilityCopyInUse, string? LibraryPath, string Message, string? Problem = null);
