using System.Globalization;

namespace ResLora.Tensors.Pickles;

/// <summary>
/// Reads a pickle without running anything of it. The values that it makes are dictionaries, tuples, texts, numbers, tensors and
/// placeholders; classes and functions are names. It has no recursion, and bounds for everything that grows.
/// </summary>
/// <remarks>The operations are those of Python's pickletools, protocols 2 to 5.</remarks>
internal sealed class PickleMachine
{
    private const int MostValues = 1_000_000;
    private const int MostMade = 4_000_000;
    private const int MostRemembered = 1_000_000;
    private const int DeepestNesting = 10_000;
    private const int LongestKey = 1_000;
    private const byte LastProtocol = 5;

    private readonly PickleBytes _bytes;
    private readonly PickleCalls _calls;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<int, object?> _memo = [];
    private int _made;

    private PickleMachine(PickleBytes bytes, PickleCalls calls) => (_bytes, _calls) = (bytes, calls);

    /// <summary>Reads a pickle.</summary>
    /// <param name="bytes">The pickle.</param>
    /// <param name="calls">What becomes of its calls.</param>
    /// <returns>The value that it holds.</returns>
    public static object? Run(PickleBytes bytes, PickleCalls calls)
    {
        var machine = new PickleMachine(bytes, calls);
        while (machine.Step())
        {
        }

        return machine._marks.Count == 0 && machine._stack is [var only] ? only : throw bytes.Broken("it does not end with one value");
    }

    /// <summary>Carries out an operation; false at the end.</summary>
    private bool Step()
    {
        var operation = _bytes.Byte();
        switch ((char)operation)
        {
            case '.':
                return false;
            case '\x80':
                if (_bytes.Byte() is > LastProtocol and var protocol)
                {
                    throw _bytes.Broken($"its protocol is {protocol}; up to {LastProtocol} are known");
                }

                break;
            case '\x95':   // the length of what follows, which only speeds reading up
                _bytes.Skip(sizeof(long));
                break;
            case '(':
                if (_marks.Count == DeepestNesting)
                {
                    throw _bytes.Broken($"more than {DeepestNesting} brackets are open");
                }

                _marks.Push(_stack.Count);
                break;
            case '0':
                PopOrMark();
                break;
            case '1':
                PopToMark();
                break;
            case '2':
                Push(Top());
                break;
            case 'c':
                Push(_calls.Named(_bytes.Line(), _bytes.Line()));
                break;
            case '\x93':
                var (name, module) = (Pop(), Pop());
                Push(
                    name is string named && module is string place ? _calls.Named(place, named) : throw _bytes.Broken("a name is no text"));
                break;
            case 'R':
            case '\x81':
                var arguments = Pop();
                Push(_calls.Call(Pop(), arguments));
                break;
            case '\x92':
                Pop();
                arguments = Pop();
                Push(_calls.Call(Pop(), arguments));
                break;
            case 'i':
                var made = _calls.Named(_bytes.Line(), _bytes.Line());
                Push(_calls.Call(made, new PickleTuple(PopToMark())));
                break;
            case 'o':
                Push(
                    PopToMark() is [var function, .. var given] ? _calls.Call(
                        function, new PickleTuple(given)) : throw _bytes.Broken("an object has no class"));
                break;
            case 'b':
                Build();
                break;
            case 'Q':
                Push(_calls.Persistent(Pop()));
                break;
            default:
                if (!Remember(operation) && !Collect(operation) && !Constant(operation))
                {
                    throw _bytes.Broken($"the operation 0x{operation:x2} is not supported");
                }

                break;
        }

        return true;
    }

    /// <summary>Operations that keep a value under a number, or bring it back.</summary>
    private bool Remember(byte operation)
    {
        switch ((char)operation)
        {
            case 'q':
                return Keep(_bytes.Byte());
            case 'r':
                return Keep(_bytes.Number32());
            case '\x94':
                return Keep(_memo.Count);
            case 'h':
                return Bring(_bytes.Byte());
            case 'j':
                return Bring(_bytes.Number32());
            default:
                return false;
        }

        bool Keep(int number)
        {
            _memo[number] = Top();
            return _memo.Count <= MostRemembered ? true : throw _bytes.Broken($"it remembers more than {MostRemembered} values");
        }

        bool Bring(int number)
        {
            Push(
                _memo.TryGetValue(number, out var value) ? value : throw _bytes.Broken(
                    $"it asks for a value {number} that it did not keep"));
            return true;
        }
    }

    /// <summary>Operations on tuples, lists, sets and dictionaries.</summary>
    private bool Collect(byte operation)
    {
        switch ((char)operation)
        {
            case ')':
                Push(PickleTuple.Empty);
                return true;
            case 't':
                Push(new PickleTuple(PopToMark()));
                return true;
            case '\x85' or '\x86' or '\x87':
                var items = new object?[operation - 0x84];
                for (var i = items.Length - 1; i >= 0; i--)
                {
                    items[i] = Pop();
                }

                Push(new PickleTuple(items));
                return true;
            case ']' or '\x8f':
                Push(new PickleList());
                return true;
            case 'l' or '\x91':
                PopToMark();
                Push(new PickleList());
                return true;
            case 'a':
                Pop();
                RequireList();
                return true;
            case 'e' or '\x90':
                PopToMark();
                RequireList();
                return true;
            case '}':
                Push(new PickleDictionary());
                return true;
            case 'd':
                var entries = PopToMark();
                Push(new PickleDictionary());
                Set(entries);
                return true;
            case 's':
                var value = Pop();
                Set([Pop(), value]);
                return true;
            case 'u':
                Set(PopToMark());
                return true;
            default:
                return false;
        }
    }

    /// <summary>Operations that push a value that is written out.</summary>
    private bool Constant(byte operation)
    {
        switch ((char)operation)
        {
            case 'N':
                Push(null);
                return true;
            case '\x88' or '\x89':
                Push(operation == 0x88);
                return true;
            case 'J':
                Push((long)_bytes.Number32());
                return true;
            case 'K':
                Push((long)_bytes.Byte());
                return true;
            case 'M':
                Push((long)_bytes.Number16());
                return true;
            case '\x8a' or '\x8b':
                Push(_bytes.Long(_bytes.Length(operation == 0x8A ? 1 : 4)) is { } whole ? whole : new PicklePlaceholder("int"));
                return true;
            case 'I' or 'L':
                Push(Whole(_bytes.Line()));
                return true;
            case 'G':
                Push(_bytes.Fraction());
                return true;
            case 'F':
                Push(
                    double.TryParse(
                        _bytes.Line(),
                        CultureInfo.InvariantCulture,
                        out var fraction) ? fraction : throw _bytes.Broken("a number is broken"));
                return true;
            case 'X' or '\x8c' or '\x8d':
                Push(_bytes.Text(_bytes.Length(operation switch { 0x8C => 1, 0x8D => 8, _ => 4 })));
                return true;
            case 'B' or 'C' or '\x8e' or '\x96' or 'T' or 'U':   // bytes, and the texts of Python 2: no tensor's name is one
                _bytes.Skip(_bytes.Length((char)operation switch { 'C' or 'U' => 1, 'B' or 'T' => 4, _ => 8 }));
                Push(new PicklePlaceholder("bytes"));
                return true;
            default:
                return false;
        }
    }

    private static object Whole(string text) => text switch
    {
        "00" => false,
        "01" => true,
        _ => long.TryParse(text.TrimEnd('L'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : new PicklePlaceholder("int"),
    };

    /// <summary>A state that an object is given, which changes no value that is known here: those of dictionaries are attributes.</summary>
    private void Build()
    {
        Pop();
        if (Top() is not (PickleDictionary or PickleList or PicklePlaceholder))
        {
            throw _bytes.Broken("a state is given to a value that has none");
        }
    }

    private void RequireList()
    {
        if (Top() is not (PickleList or PicklePlaceholder))
        {
            throw _bytes.Broken("something is put into a value that is no list");
        }
    }

    private void Set(object?[] entries)
    {
        if (entries.Length % 2 != 0 || Top() is not (PickleDictionary or PicklePlaceholder))
        {
            throw _bytes.Broken("entries are put into a value that is no dictionary, or a key has no value");
        }

        if (Top() is not PickleDictionary dictionary)
        {
            return;
        }

        for (var i = 0; i < entries.Length; i += 2)
        {
            if (entries[i] is string key)
            {
                // Without a bound, one long key that is set again and again would take hours.
                dictionary.Items[key.Length <= LongestKey ? key : throw _bytes.Broken(
                    $"a key has {key.Length} letters; at most {LongestKey} are accepted")]
                    = entries[i + 1];
            }
        }
    }

    private void Push(object? value)
    {
        if (_stack.Count == MostValues)
        {
            throw _bytes.Broken($"more than {MostValues} values wait to be used");
        }

        // Each takes up to some hundred bytes of memory, and may be one byte of the file.
        if (++_made > MostMade)
        {
            throw _bytes.Broken($"it makes more than {MostMade} values");
        }

        _stack.Add(value);
    }

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw _bytes.Broken("a value is missing");

    private object? Pop()
    {
        var value = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private void PopOrMark()
    {
        if (_marks.Count > 0 && _stack.Count == Floor)
        {
            _marks.Pop();
            return;
        }

        Pop();
    }

    private object?[] PopToMark()
    {
        if (!_marks.TryPop(out var mark))
        {
            throw _bytes.Broken("a bracket is closed that was not opened");
        }

        object?[] values = [.. _stack[mark..]];
        _stack.RemoveRange(mark, values.Length);
        return values;
    }

    private int Floor => _marks.Count > 0 ? _marks.Peek() : 0;
}
