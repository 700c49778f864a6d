using ResLora.Text.ChatTemplates.Jinja.Nodes;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Makes expressions from tokens: operators by their rank, each binding closer than the one before.</summary>
/// <param name="stream">The tokens.</param>
/// <param name="names">Collects the names that are used.</param>
internal sealed class ExpressionParser(TokenStream stream, UsedNames names)
{
    private static readonly string[] _comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private PrimaryParser Primaries => field ??= new PrimaryParser(stream, names, this);

    /// <summary>One expression.</summary>
    /// <param name="withCondition">Whether <c>a if b else c</c> may be one.</param>
    public Expression One(bool withCondition = true)
    {
        Rendering.RequireStack();
        return withCondition ? Condition() : Or();
    }

    /// <summary>One expression, or a tuple of several with commas between.</summary>
    /// <param name="withCondition">Whether <c>a if b else c</c> may be one of them.</param>
    /// <param name="endWord">A word that ends it.</param>
    public Expression Tuple(bool withCondition = true, string? endWord = null)
    {
        var place = stream.Current.Place;
        List<Expression> items = [];
        var isTuple = false;
        while (!IsEnd())
        {
            items.Add(One(withCondition));
            if (!stream.Skip(","))
            {
                break;
            }

            isTuple = true;
        }

        return isTuple ? new ListExpression(items, isTuple: true, place) : items is [var only] ? only
            : throw stream.Unexpected("an expression");

        bool IsEnd() => stream.Current.Kind is TokenKind.BlockEnd or TokenKind.VariableEnd || stream.Current.Is(")")
            || (endWord is not null && stream.Current.IsWord(endWord));
    }

    /// <summary>What stands between the parentheses of a call, and those.</summary>
    public Arguments Call() => Primaries.Call();

    /// <summary>Filters behind a value: with the bar before each, or the first one without.</summary>
    public Expression Filters(Expression value, bool startsWithBar) => Primaries.Filters(value, startsWithBar);

    private Expression Condition()
    {
        var place = stream.Current.Place;
        var before = names.Mark();
        var value = Or();
        while (stream.SkipWord("if"))
        {
            var test = Or();
            var otherwise = stream.SkipWord("else") ? One() : null;
            value = new ConditionExpression(test, value, otherwise, place);
            names.Forgive(before);
        }

        return value;
    }

    private Expression Or()
    {
        var left = And();
        while (stream.Current is { } token && stream.SkipWord("or"))
        {
            left = new LogicExpression(isAnd: false, left, And(), token.Place);
        }

        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (stream.Current is { } token && stream.SkipWord("and"))
        {
            left = new LogicExpression(isAnd: true, left, Not(), token.Place);
        }

        return left;
    }

    private Expression Not()
    {
        Rendering.RequireStack();
        return stream.Current is { } token && stream.SkipWord("not") ? new UnaryExpression("not", Not(), token.Place) : Compare();
    }

    private Expression Compare()
    {
        var place = stream.Current.Place;
        var first = Sum();
        List<(string, Expression)> others = [];
        while (Comparison() is { } sign)
        {
            others.Add((sign, Sum()));
        }

        return others.Count > 0 ? new CompareExpression(first, others, place) : first;
    }

    private string? Comparison()
    {
        if (stream.Current.Kind == TokenKind.Sign && _comparisons.Contains(stream.Current.Text, StringComparer.Ordinal))
        {
            return stream.Take().Text;
        }

        if (stream.Current.IsWord("not") && stream.Following.IsWord("in"))
        {
            stream.Take();
            stream.Take();
            return "not in";
        }

        return stream.SkipWord("in") ? "in" : null;
    }

    private Expression Sum() => Binary(Concat, "+", "-");

    private Expression Concat()
    {
        var place = stream.Current.Place;
        List<Expression> parts = [Product()];
        while (stream.Skip("~"))
        {
            parts.Add(Product());
        }

        return parts is [var only] ? only : new ConcatExpression(parts, place);
    }

    private Expression Product() => Binary(Power, "*", "/", "//", "%");

    private Expression Power() => Binary(() => Unary(withFilters: true), "**");

    private Expression Binary(Func<Expression> operand, params string[] signs)
    {
        var left = operand();
        while (stream.Current is { Kind: TokenKind.Sign } token && signs.Contains(token.Text, StringComparer.Ordinal))
        {
            stream.Take();
            left = new BinaryExpression(token.Text, left, operand(), token.Place);
        }

        return left;
    }

    private Expression Unary(bool withFilters)
    {
        Rendering.RequireStack();
        var token = stream.Current;
        var value = token.Is("-") || token.Is("+")
            ? new UnaryExpression(stream.Take().Text, Unary(withFilters: false), token.Place)
            : Primaries.One();
        value = Primaries.Members(value);
        return withFilters ? Primaries.Filters(value, startsWithBar: true) : value;
    }
}
