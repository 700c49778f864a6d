using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ResLora.Tensors.NativeRuntime;

namespace ResLora;

/// <summary>Compiled into every project above ResLora.Tensors: whichever is used first, TorchSharp is loadable then.</summary>
internal static class TorchStart
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Must run before the first use of TorchSharp, which may be the caller's next line.")]
    internal static void Register() => TorchRuntime.Register();
}
