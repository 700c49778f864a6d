using System.Reflection;
using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>Puts one module in another's place, in the registry that state dictionaries read and in the field that forward reads.</summary>
internal static class ModuleSlot
{
    /// <summary>Replaces the child <paramref name="name"/> of <paramref name="model"/>.</summary>
    /// <exception cref="ConfigException">The parent keeps the child in a field that cannot hold the new module.</exception>
    public static void Replace(nn.Module model, string name, nn.Module replacement)
    {
        var dot = name.LastIndexOf('.');
        var parent = dot < 0 ? model : model.named_modules().First(m => m.name == name[..dot]).module;
        var child = name[(dot + 1)..];
        var old = parent.named_children().First(c => c.name == child).module;
        foreach (var field in Fields(parent.GetType()).Where(f => ReferenceEquals(f.GetValue(parent), old)))
        {
            if (!field.FieldType.IsInstanceOfType(replacement))
            {
                throw new ConfigException(
                    $"'{name}': {parent.GetType().Name} keeps this layer in a field of type {field.FieldType.Name}, which no adapter fits into; declare it as Module<Tensor, Tensor>.");
            }

            field.SetValue(parent, replacement);
        }

        // Registering a second module under a name keeps the first one; null takes it out.
        parent.register_module(child, null!);
        parent.register_module(child, replacement);
    }

    private static IEnumerable<FieldInfo> Fields(Type? type)
    {
        for (; type is not null && type != typeof(nn.Module); type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }
}
